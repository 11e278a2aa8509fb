"""Whether two threads share a core (simultaneous multithreading, hyper-threading)."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, turn
from bench.measure.knobs.kernel_files import read

FOLDER = "sys/devices/system/cpu/smt"


def smt_control(root: Path) -> str:
    """on, off, forceoff, notsupported or notimplemented. Raises Unreadable."""
    return read(root, f"{FOLDER}/control")


@KNOBS.register("smt")
class Smt(Knob):
    """A request is slowed by whatever runs on the other thread of its core."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """IMPROVABLE while cores are shared. What a virtual machine's host shares is not seen."""
        control = smt_control(root)
        if control != "on" or read(root, f"{FOLDER}/active") == "0":
            return KnobReport(f"{control}: no core seen to be shared", KnobVerdict.GOOD)
        command = f"echo {{}} | sudo tee /{FOLDER}/control"
        advice = turn(command.format("off"), command.format("on"))
        return KnobReport("on: two threads share a core", KnobVerdict.IMPROVABLE, advice)
