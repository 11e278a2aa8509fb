"""A request that raises fails alone: the others of its batch, and all that come later, are served."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import TimedRecommender

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import Request, RequestKind


class Poisoned(TimedRecommender):
    """Raises for some rows, in the stages before batching or after."""

    def __init__(self, clock, n, at_begin, at_finish):
        super().__init__(clock, [5] * n)
        self._at_begin, self._at_finish = at_begin, at_finish
        self.ingestion = PoisonedIngestion(self)

    def check(self, rows, poison):
        if bad := sorted(set(rows) & poison):
            raise ValueError(f"poison {bad}")

    def begin(self, requests, tracer):
        self.check([request.row for request in requests], self._at_begin)
        return super().begin(requests, tracer)

    def finish(self, batches, tracer):
        self.check([row for batch in batches for row in batch.rows], self._at_finish)
        return super().finish(batches, tracer)

    def feed_back(self, request, tracer):
        self.check([request.row], self._at_begin | self._at_finish)
        super().feed_back(request, tracer)


class PoisonedIngestion:
    def __init__(self, owner):
        self._owner, self._inner = owner, owner.ingestion

    def begin(self, requests, tracer):
        self._owner.check([request.row for request in requests], self._owner._at_begin)
        return self._inner.begin(requests, tracer)

    def finish(self, intake, tracer):
        self._owner.check(intake.rows, self._owner._at_finish)
        self._inner.finish(intake, tracer)


kinds = st.sampled_from([RequestKind.RECOMMEND] * 3 + [RequestKind.FEEDBACK, RequestKind.INGEST])
servings = st.sampled_from(
    [lambda: DirectServing(DirectOptions()), lambda: MicrobatchServing(MicrobatchOptions(max_requests=4))]
)
poisons = st.sets(st.integers(0, 14), max_size=4)


@given(st.lists(kinds, min_size=1, max_size=15), poisons, poisons, servings)
def test_exactly_the_poisoned_requests_fail(kinds, at_begin, at_finish, serving):
    n = len(kinds)
    clock = VirtualClock()
    recorder = Recorder(n, 1, clock)
    requests = [Request(row, kind, row, row, row) for row, kind in enumerate(kinds)]
    inbox = ScheduledInbox(requests, np.arange(n, dtype=np.int64), clock, recorder)
    serving().serve(inbox, Poisoned(clock, n, at_begin, at_finish), recorder)
    failed = np.flatnonzero(recorder.outcomes == Outcome.FAILED).tolist()
    assert failed == sorted(row for row in at_begin | at_finish if row < n)
    assert (recorder.outcomes != Outcome.UNSERVED).all()
    assert sum(recorder.errors.values()) == len(failed)
    assert (recorder.ended_ns >= recorder.taken_ns).all()
