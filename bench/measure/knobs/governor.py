"""Which clock speed the kernel asks the processors for."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import read, read_each

FOLDER = "sys/devices/system/cpu"
FILE = "cpufreq/scaling_governor"
SELF_DRIVING = ("intel_pstate", "amd-pstate-epp")
"""Drivers that let the processor choose its speed; their `powersave` follows the load, that of others is the lowest."""


def governors(root: Path) -> list[str]:
    """The governor of each processor, in order. Raises Unreadable, as in most virtual machines."""
    found = [governor for _, governor in read_each(root, f"{FOLDER}/cpu[0-9]*/{FILE}")]
    if not found:
        raise Unreadable(f"/{FOLDER}/cpu0/{FILE} cannot be read")
    return found


@KNOBS.register("governor")
class Governor(Knob):
    """`performance` holds the speed; the others let it follow the load, and a request after a pause finds it low."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """GOOD for performance everywhere, BAD where processors are held at their lowest speed."""
        found = sorted(set(governors(root)))
        state = ", ".join(found)
        if found == ["performance"]:
            return KnobReport(state, KnobVerdict.GOOD)
        held_low = "powersave" in found and read(root, f"{FOLDER}/cpu0/cpufreq/scaling_driver") not in SELF_DRIVING
        before = next(governor for governor in found if governor != "performance")
        command = f"echo {{}} | sudo tee /{FOLDER}/cpu*/{FILE}"
        return KnobReport(
            state,
            KnobVerdict.BAD if held_low else KnobVerdict.IMPROVABLE,
            turn(command.format("performance"), command.format(before)),
        )
