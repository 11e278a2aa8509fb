"""Whether processors run above their rated speed while heat and neighbours allow it."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, turn
from bench.measure.knobs.kernel_files import read

FOLDER = "sys/devices/system/cpu"
SWITCHES = {"intel_pstate/no_turbo": "0", "cpufreq/boost": "1", "cpufreq/policy0/boost": "1"}
"""File → what it says while turbo is on."""


@KNOBS.register("turbo")
class Turbo(Knob):
    """On is faster and what most services have; off repeats better, since speed then depends on no other core."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """GOOD when off, IMPROVABLE when on."""
        for file, on in SWITCHES.items():
            if not (root / FOLDER / file).exists():
                continue
            if read(root, f"{FOLDER}/{file}") != on:
                return KnobReport("off", KnobVerdict.GOOD)
            command = f"echo {{}} | sudo tee /{FOLDER}/{file.replace('policy0', 'policy*')}"
            advice = turn(command.format("1" if on == "0" else "0"), command.format(on))
            return KnobReport("on", KnobVerdict.IMPROVABLE, advice)
        names = " and ".join(f"/{FOLDER}/{file}" for file in list(SWITCHES)[:2])
        raise Unreadable(f"{names} cannot be read")
