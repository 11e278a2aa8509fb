"""What else works on the machine."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict
from bench.measure.knobs.kernel_files import WATCH_S, CpuTicks, cpu_ticks, online_cpus, own_ticks, read, watch


def ticks_of_all_and_own(root: Path) -> tuple[CpuTicks, int]:
    """Ticks of all processes and of this one. Raises Unreadable."""
    return cpu_ticks(root), own_ticks(root)


@KNOBS.register("other_load")
class OtherLoad(Knob):
    """Other processes take cores and caches, and the numbers with them."""

    watches: ClassVar[bool] = True
    IMPROVABLE_CORES: ClassVar[float] = 0.10
    BAD_CORES: ClassVar[float] = 0.40

    @classmethod
    def look(cls, root: Path) -> KnobReport:
        """By the cores that others used just now, with the thresholds of a run's own check."""
        processors = len(online_cpus(root))
        (all_before, own_before), (all_after, own_after) = watch(ticks_of_all_and_own, root)
        passed, own = all_after - all_before, own_after - own_before
        cores = processors * max(0, passed.busy - own) / passed.total if passed.total else 0.0
        load = read(root, "proc/loadavg").partition(" ")[0]
        state = f"others used {cores:.2f} of {processors} cores over {WATCH_S:g} s; load average {load}"
        if cores <= cls.IMPROVABLE_CORES:
            return KnobReport(state, KnobVerdict.GOOD)
        verdict = KnobVerdict.BAD if cores > cls.BAD_CORES else KnobVerdict.IMPROVABLE
        return KnobReport(state, verdict, "top -o %CPU: stop what it names, and start it again afterwards")
