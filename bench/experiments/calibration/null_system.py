"""A system that takes a request and says done, nothing else: all the time that passes is the instrument's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S, MonotonicClock
from bench.measure.collector import CollectorOff
from bench.measure.recorder import Recorder
from bench.traffic.closed import SequentialInbox
from bench.traffic.scheduled import ScheduledInbox
from bench.traffic.trace import NO_ITEM, Trace
from recsys.data import Dataset
from recsys.serving.protocols import Clock, Inbox
from recsys.types import Events, Recommendation, Request

NS_PER_US = 1_000
BLOCK_REQUESTS = 100_000
WARMUP_REQUESTS = 2_000
_USERS = 2_000
_DONE: Sequence[Recommendation | None] = (None,)


@dataclass(frozen=True, slots=True)
class NullCost:
    """One request after another, for about so many seconds."""

    seconds: float

    def run(self, clock: MonotonicClock) -> float:
        """Microseconds of wall time a request: building it, handing it out, two readings of the clock, its stamps."""
        self._serve(null_requests(WARMUP_REQUESTS), clock)
        requests = null_requests(BLOCK_REQUESTS)
        spent_ns = served = 0
        while spent_ns < self.seconds * NS_PER_S:
            spent_ns += self._serve(requests, clock)
            served += len(requests)
        return spent_ns / served / NS_PER_US

    def _serve(self, requests: Sequence[Request], clock: MonotonicClock) -> int:
        """Wall time in ns."""
        recorder = Recorder(len(requests), 1, clock)
        with CollectorOff(clock):
            start_ns = clock.now_ns()
            serve_nothing(SequentialInbox(requests, clock, recorder))
            return clock.now_ns() - start_ns


@dataclass(frozen=True, slots=True)
class NullLateness:
    """A frozen schedule, int64 [n] ns from its start."""

    intended_ns: npt.NDArray[np.int64]

    def run(self, clock: Clock) -> npt.NDArray[np.int64]:
        """Observed − intended of each request, int64 [n] ns."""
        recorder = Recorder(len(self.intended_ns), 1, clock)
        requests = null_requests(len(self.intended_ns))
        with CollectorOff(clock):
            serve_nothing(ScheduledInbox(requests, self.intended_ns, clock, recorder))
        lateness_ns: npt.NDArray[np.int64] = recorder.ended_ns - recorder.intended_ns
        return lateness_ns


def serve_nothing(inbox: Inbox) -> None:
    """The null system."""
    while requests := inbox.take(1):
        inbox.done((requests[0].row,), _DONE)


def null_requests(n: int) -> Sequence[Request]:
    """N requests for a list, built when they are asked for, as those of a run are."""
    nothing = np.zeros(0, np.int64)
    events = Events(nothing, nothing.astype(np.int32), nothing.astype(np.int32), nothing.astype(np.int8))
    rows = np.arange(n)
    trace = Trace(
        kind=np.zeros(n, np.int8),
        user=(rows % _USERS).astype(np.int32),
        timestamp_s=rows,
        item=np.full(n, NO_ITEM, np.int32),
        event_kind=np.zeros(n, np.int8),
        dataset=Dataset("null", (), (), events, ""),
    )
    return trace.requests(0, n)
