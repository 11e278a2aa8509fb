"""A system with known service times on a clock that only waiting moves: what the instrument says of it is exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.clock import VirtualClock
from bench.measure.recorder import Recorder
from bench.traffic.closed import SequentialInbox
from bench.traffic.scheduled import Limits, ScheduledInbox
from recsys.ingestion import Intake
from recsys.pipeline import Batch
from recsys.placement import Draft
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.serving.protocols import NullTracer, Tracer
from recsys.types import Recommendation, Request, RequestKind, TokenIds

NS_PER_MS = 1_000_000
_NO_VECTORS = np.zeros((0, 0), np.float32)
NO_LIMITS = Limits()


def lists(n: int) -> list[Request]:
    """n requests for a list, of users 0 … n - 1."""
    return [Request(row, RequestKind.RECOMMEND, row, row) for row in range(n)]


class TimedRecommender:
    """Answers with an empty list after service_ns[row] ns a request; a batch takes what its slowest member takes.

    tokens: of each request, for the budget. journal: what was begun, finished (a batch each), fed back and ingested, in
    order.
    """

    def __init__(self, clock: VirtualClock, service_ns: Sequence[int], tokens: Sequence[int] | None = None) -> None:
        self._clock = clock
        self._service_ns = service_ns
        self._tokens = tokens
        self.journal: list[tuple[str, tuple[int, ...]]] = []
        self.ingestion = TimedIngestion(clock, service_ns, self.journal)

    def recommend(self, requests: Sequence[Request], tracer: Tracer | None = None) -> list[Recommendation]:
        """begin and finish."""
        tracer = tracer or NullTracer()
        return self.finish([self.begin(requests, tracer)], tracer)

    def begin(self, requests: Sequence[Request], tracer: Tracer) -> Batch:
        """Takes no time."""
        rows = [request.row for request in requests]
        self.journal.append(("begin", tuple(rows)))
        prepared = TokenIds.from_lists([[0] * (self._tokens[row] if self._tokens else 1) for row in rows])
        draft = Draft(prepared, np.ones(len(rows), np.int64))
        tracer.mark("prepare", rows)
        nothing = [None] * len(rows)
        return Batch(list(requests), rows, [], nothing, nothing, draft, _NO_VECTORS, [])  # type: ignore[arg-type]

    def finish(self, batches: Sequence[Batch], tracer: Tracer) -> list[Recommendation]:
        """Takes the service time."""
        rows = [row for batch in batches for row in batch.rows]
        self.journal.append(("finish", tuple(rows)))
        tracer.mark("batch_wait", rows)
        self._clock.wait_until_ns(self._clock.now_ns() + max(int(self._service_ns[row]) for row in rows))
        tracer.mark("encode", rows)
        return [Recommendation((), (), np.zeros(0, np.int32))] * len(rows)

    def feed_back(self, request: Request, tracer: Tracer) -> None:
        """Takes no time."""
        self.journal.append(("feedback", (request.row,)))
        tracer.mark("update", [request.row])

    def ingest(self, requests: Sequence[Request], tracer: Tracer) -> None:
        """begin and finish of its ingestion."""
        self.ingestion.finish(self.ingestion.begin(requests, tracer), tracer)


class TimedIngestion:
    """Takes what the slowest of the items put in together takes."""

    def __init__(
        self, clock: VirtualClock, service_ns: Sequence[int], journal: list[tuple[str, tuple[int, ...]]]
    ) -> None:
        self._clock = clock
        self._service_ns = service_ns
        self._journal = journal

    def begin(self, requests: Sequence[Request], tracer: Tracer) -> Intake:
        """Takes no time."""
        rows = [request.row for request in requests]
        self._journal.append(("begin ingest", tuple(rows)))
        tracer.mark("prepare", rows)
        positions = np.array([request.item for request in requests], np.int32)
        return Intake(rows, positions, [], TokenIds.from_lists([[0]] * len(rows)))

    def finish(self, intake: Intake, tracer: Tracer) -> None:
        """Takes the service time."""
        self._journal.append(("ingest", tuple(intake.rows)))
        tracer.mark("batch_wait", intake.rows)
        self._clock.wait_until_ns(self._clock.now_ns() + max(int(self._service_ns[row]) for row in intake.rows))
        tracer.mark("index", intake.rows)


def serve_timed(
    intended_ns: npt.NDArray[np.int64],
    service_ns: Sequence[int] | npt.NDArray[np.int64],
    microbatch: MicrobatchOptions | None = None,
    limits: Limits = NO_LIMITS,
) -> Recorder:
    """Serve lists due at these times in virtual time, one by one or in micro-batches."""
    clock = VirtualClock()
    recorder = Recorder(len(intended_ns), 1, clock)
    inbox = ScheduledInbox(lists(len(intended_ns)), intended_ns, clock, recorder, limits)
    serving = DirectServing(DirectOptions()) if microbatch is None else MicrobatchServing(microbatch)
    serving.serve(inbox, TimedRecommender(clock, list(service_ns)), recorder)  # type: ignore[arg-type]
    return recorder


def serve_closed(service_ns: Sequence[int]) -> Recorder:
    """Serve lists one after another, each due when the last is done."""
    clock = VirtualClock()
    recorder = Recorder(len(service_ns), 1, clock)
    inbox = SequentialInbox(lists(len(service_ns)), clock, recorder)
    DirectServing(DirectOptions()).serve(inbox, TimedRecommender(clock, service_ns), recorder)  # type: ignore[arg-type]
    return recorder


def response_ns(recorder: Recorder) -> npt.NDArray[np.int64]:
    """Response time of each request, counted from its intended time."""
    difference: npt.NDArray[np.int64] = recorder.ended_ns - recorder.intended_ns
    return difference
