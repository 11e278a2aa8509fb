"""The instrument's smallest parts: how it waits, and what one reading of the clock and one mark cost."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.clock import MonotonicClock, check_clock
from bench.measure.collector import CollectorOff
from bench.measure.recorder import Recorder
from bench.measure.waiting import Waiting, settle_waiting

_ROWS = 1_000
_ROUNDS = 101


@dataclass(frozen=True, slots=True)
class Settle:
    """Make the process's clock wait as that of an arm with one worker does."""

    def run(self, clock: MonotonicClock) -> Waiting:
        """How it waits from now on, and why."""
        return settle_waiting(clock, workers=1)


@dataclass(frozen=True, slots=True)
class StampCosts:
    """In ns. clock_ns: one reading. mark_ns: the end of a stage of one request, with the reading that it takes."""

    clock_ns: float
    mark_ns: float


@dataclass(frozen=True, slots=True)
class TimeStamps:
    """Take very many stamps in a row."""

    def run(self, clock: MonotonicClock) -> StampCosts:
        """What one costs, the loop around it counted in: medians over many short rounds, most without a disturbance."""
        recorder = Recorder(_ROWS, 1, clock)
        batches = [[row] for row in range(_ROWS)]
        marks_ns = []
        with CollectorOff(clock):
            clock_ns = statistics.median(check_clock(_ROWS).cost_ns for _ in range(_ROUNDS))
            for _ in range(_ROUNDS):
                start_ns = clock.now_ns()
                for rows in batches:
                    recorder.mark("encode", rows)
                marks_ns.append((clock.now_ns() - start_ns) / _ROWS)
        return StampCosts(clock_ns, statistics.median(marks_ns))
