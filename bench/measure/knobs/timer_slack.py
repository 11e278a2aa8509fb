"""How late the kernel may wake a process, to wake others with it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, turn
from bench.measure.knobs.kernel_files import read_number

NS_PER_US = 1_000


@KNOBS.register("timer_slack")
class TimerSlack(Knob):
    """Workers ask for 1 ns themselves; a service, a peer or a generator in another process wakes with this slack."""

    USUAL_NS: ClassVar[int] = 50_000
    BAD_NS: ClassVar[int] = 1_000_000

    @classmethod
    def look(cls, root: Path) -> KnobReport:
        """GOOD up to the kernel's usual 50 µs, BAD from 1 ms on."""
        slack_ns = read_number(root, "proc/self/timerslack_ns")
        state = f"{slack_ns / NS_PER_US:g} µs"
        if slack_ns <= cls.USUAL_NS:
            return KnobReport(state, KnobVerdict.GOOD)
        command = "echo {} > /proc/$$/timerslack_ns"
        advice = turn(command.format(cls.USUAL_NS), command.format(slack_ns))
        return KnobReport(state, KnobVerdict.BAD if slack_ns >= cls.BAD_NS else KnobVerdict.IMPROVABLE, advice)
