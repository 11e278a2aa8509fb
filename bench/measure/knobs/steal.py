"""Processor time that the hypervisor gave to somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict
from bench.measure.knobs.kernel_files import WATCH_S, cpu_ticks, watch


@KNOBS.register("steal")
class Steal(Knob):
    """A stolen tick stops a request for 10 ms where nothing on this machine can see why."""

    watches: ClassVar[bool] = True
    IMPROVABLE_SHARE: ClassVar[float] = 0.02
    BAD_SHARE: ClassVar[float] = 0.10
    IMPROVABLE_SINCE_BOOT: ClassVar[float] = 0.01

    @classmethod
    def look(cls, root: Path) -> KnobReport:
        """By the share stolen just now, the thresholds of a run's own check, and of the time wanted since boot."""
        before, after = watch(cpu_ticks, root)
        passed = after - before
        now = passed.stolen / passed.total if passed.total else 0.0
        since_boot = after.stolen / max(1, after.busy + after.stolen)
        state = f"{100 * now:.1f} % over {WATCH_S:g} s, {100 * since_boot:.2f} % of the time wanted since boot"
        if now <= cls.IMPROVABLE_SHARE and since_boot <= cls.IMPROVABLE_SINCE_BOOT:
            return KnobReport(state, KnobVerdict.GOOD)
        return KnobReport(
            state,
            KnobVerdict.BAD if now > cls.BAD_SHARE else KnobVerdict.IMPROVABLE,
            "vmstat 1: measure while its column st is 0, or on a machine with processors of its own",
        )
