"""A request whose time-out has passed when its batch is made is dropped: it costs no tokens and counts as timed out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from virtual_crew import CrewClock
from virtual_service import TimedRecommender, lists

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.scheduled import Limits, ScheduledInbox
from bench.traffic.shared import SharedInbox
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import Request, RequestKind


def serve(intended_ns, tokens, timeout_ns, service_ns=10, ingests=(), **options):
    """What a recommender finished, a tuple a batch, and the recorder."""
    clock = VirtualClock()
    n = len(intended_ns)
    kinds = [RequestKind.INGEST if row in ingests else RequestKind.RECOMMEND for row in range(n)]
    requests = [Request(row, kind, row, row, row) for row, kind in enumerate(kinds)]
    recorder = Recorder(n, 1, clock)
    recommender = TimedRecommender(clock, [service_ns] * n, tokens)
    inbox = ScheduledInbox(requests, np.array(intended_ns, np.int64), clock, recorder, Limits(timeout_ns=timeout_ns))
    MicrobatchServing(MicrobatchOptions(**options)).serve(inbox, recommender, recorder)
    return [rows for what, rows in recommender.journal if what == "finish"], recorder


def outcomes(recorder):
    return [Outcome(outcome).name for outcome in recorder.outcomes]


def test_what_timed_out_behind_other_batches_is_not_encoded():
    """Three are taken together at 0 and go one by one, 10 ns each: the third would be begun at 20, its limit is 15."""
    finished, recorder = serve([0, 0, 0], [5, 5, 5], timeout_ns=15, max_tokens=5, max_requests=3)
    assert finished == [(0,), (1,)]
    assert outcomes(recorder) == ["ANSWERED", "ANSWERED", "TIMED_OUT"]
    assert recorder.taken_ns.tolist() == [0, 0, 0], "it was taken in time"
    assert recorder.ended_ns.tolist() == [10, 20, 15], "it ends at its limit"
    recorder.close(0)
    assert recorder.marks_ns["prepare"][2] == 0
    assert recorder.marks_ns["batch_wait"][2] == recorder.marks_ns["respond"][2] == 15, "all of it is waiting"


def test_at_its_limit_a_request_is_still_served():
    finished, recorder = serve([0, 0], [5, 5], timeout_ns=10, max_tokens=5)
    assert finished == [(0,), (1,)]
    assert outcomes(recorder) == ["ANSWERED"] * 2


def test_the_room_of_the_dropped_is_filled_by_others_in_the_same_batch():
    """1 and 2 are over at 30, when the batch after 0 is made; 3 and 4, due at 25, take the whole budget."""
    finished, recorder = serve([0, 0, 0, 25, 25], [9, 6, 6, 6, 6], 20, service_ns=30, max_tokens=12, max_requests=3)
    assert finished == [(0,), (3, 4)]
    assert outcomes(recorder) == ["ANSWERED", "TIMED_OUT", "TIMED_OUT", "ANSWERED", "ANSWERED"]


def test_an_ingest_waits_for_no_dropped_request_and_is_itself_never_dropped():
    """An update that is lost would make another world of it."""
    finished, recorder = serve([0, 0, 0, 0], [5, 5, 5, 1], 15, service_ns=20, ingests={3}, max_tokens=5, max_requests=4)
    assert finished == [(0,)]
    assert outcomes(recorder) == ["ANSWERED", "TIMED_OUT", "TIMED_OUT", "TIMED_OUT"], "the ingest was never taken"
    finished, recorder = serve([0, 0, 5], [5, 5, 1], 15, service_ns=10, ingests={2}, max_tokens=5, max_requests=4)
    assert outcomes(recorder) == ["ANSWERED"] * 3


def test_a_wait_longer_than_the_limit_serves_nobody():
    finished, recorder = serve([0, 3], [1, 1], timeout_ns=5, max_wait_ms=1)
    assert finished == []
    assert outcomes(recorder) == ["TIMED_OUT"] * 2
    assert recorder.ended_ns.tolist() == [5, 8], "at their limits, though the batch would have left long after"


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=30),
    st.integers(0, 60),
    st.booleans(),
)
def test_none_is_encoded_after_its_limit_and_none_is_dropped_before(rows, timeout_ns, grouped):
    intended_ns = np.cumsum([gap for gap, _ in rows])
    tokens = [cost for _, cost in rows]
    finished, recorder = serve(intended_ns, tokens, timeout_ns, 25, max_tokens=25, group_by_length=grouped)
    served = {row for batch in finished for row in batch}
    for row, outcome in enumerate(recorder.outcomes):
        left_ns = recorder.marks_ns["batch_wait"][row] if row in served else recorder.ended_ns[row]
        if outcome == Outcome.ANSWERED:
            assert left_ns <= intended_ns[row] + timeout_ns
        else:
            assert outcome == Outcome.TIMED_OUT
            assert row not in served
            assert left_ns == intended_ns[row] + timeout_ns


def test_what_a_dropped_request_held_up_may_leave():
    """With several workers a user's feedback waits for their requests in flight; a dropped one is in flight no more."""
    clock = VirtualClock()
    recorder = Recorder(2, 1, clock)
    kinds = (RequestKind.RECOMMEND, RequestKind.FEEDBACK)
    requests = [Request(row, kind, 7, row) for row, kind in enumerate(kinds)]
    inbox = SharedInbox(ScheduledInbox(requests, np.array([0, 30]), clock, recorder, Limits(timeout_ns=20)))
    assert [request.row for request in inbox.take(4)] == [0]
    assert list(inbox.drop_cancelled([0])) == []
    clock.wait_until_ns(30)
    assert inbox.poll(4) == []
    assert list(inbox.drop_cancelled([0])) == [0]
    assert [request.row for request in inbox.poll(4)] == [1]


def test_two_workers_drop_each_its_own():
    clock = CrewClock(2)
    n = 12
    recorder = Recorder(n, 1, clock)
    inner = ScheduledInbox(lists(n), np.zeros(n, np.int64), clock, recorder, Limits(timeout_ns=25))
    inbox = SharedInbox(inner, clock.changed)
    crew = [TimedRecommender(clock, [10] * n, [5] * n) for _ in range(2)]
    serving = MicrobatchServing(MicrobatchOptions(max_tokens=5, max_requests=6))
    clock.run([lambda one=one: serving.serve(inbox, one, recorder) for one in crew])
    served = [row for one in crew for what, rows in one.journal if what == "finish" for row in rows]
    assert len(served) == 6, "each begins one at 0, 10 and 20"
    assert (recorder.outcomes == Outcome.TIMED_OUT).sum() == 6
    assert (recorder.outcomes == Outcome.UNSERVED).sum() == 0
