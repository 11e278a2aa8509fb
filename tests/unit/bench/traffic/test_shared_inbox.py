"""Several workers at one inbox, in virtual time: who serves when is known exactly."""

import heapq
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_crew import CrewClock
from virtual_service import TimedRecommender, lists

from bench.measure.recorder import Outcome, Recorder
from bench.traffic.closed import ClosedInbox, StreamInbox
from bench.traffic.scheduled import Limits, ScheduledInbox
from bench.traffic.shared import SharedInbox
from recsys.serving.direct import DirectOptions, DirectServing
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import Request, RequestKind


def serve(make_inbox, requests, service_ns, workers, serving=lambda: DirectServing(DirectOptions())):
    """Serve the requests with so many workers; returns the recorder and what each worker's recommender did."""
    clock = CrewClock(workers)
    recorder = Recorder(len(requests), 1, clock)
    shared = SharedInbox(make_inbox(requests, clock, recorder), clock.changed)
    crew = [TimedRecommender(clock, service_ns) for _ in range(workers)]
    clock.run([lambda one=one: serving().serve(shared, one, recorder) for one in crew])
    return recorder, crew


NO_LIMITS = Limits()


def scheduled(intended_ns, limits=NO_LIMITS):
    return lambda requests, clock, recorder: ScheduledInbox(requests, intended_ns, clock, recorder, limits)


def starts_ns(due_ns, service_ns, workers):
    """When each request starts in a queue with several servers, first come first served (Kiefer and Wolfowitz)."""
    free_ns = [0] * workers
    starts = []
    for due, service in zip(due_ns, service_ns, strict=True):
        start = max(due, heapq.heappop(free_ns))
        starts.append(start)
        heapq.heappush(free_ns, start + service)
    return starts


works = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 20)), min_size=1, max_size=25)


@settings(deadline=None)
@given(works, st.integers(1, 4))
def test_requests_start_exactly_when_a_worker_is_free(work, workers):
    intended_ns = np.cumsum([gap for gap, _ in work], dtype=np.int64)
    service_ns = [service for _, service in work]
    recorder, _ = serve(scheduled(intended_ns), lists(len(work)), service_ns, workers)
    starts = starts_ns(intended_ns.tolist(), service_ns, workers)
    assert recorder.taken_ns.tolist() == starts
    assert recorder.ended_ns.tolist() == [start + service for start, service in zip(starts, service_ns, strict=True)]
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    assert set(recorder.lateness_ns.tolist()) <= {-1, 0}


@settings(deadline=None)
@given(works, st.integers(2, 3), st.builds(Limits, st.none() | st.integers(1, 25), st.none() | st.integers(1, 4)))
def test_every_request_is_accounted_for_once_whatever_the_limits(work, workers, limits):
    intended_ns = np.cumsum([gap for gap, _ in work], dtype=np.int64)
    recorder, crew = serve(scheduled(intended_ns, limits), lists(len(work)), [s for _, s in work], workers)
    served = sorted(row for one in crew for event, rows in one.journal if event == "finish" for row in rows)
    assert served == np.flatnonzero(recorder.outcomes == Outcome.ANSWERED).tolist()
    assert not (recorder.outcomes == Outcome.UNSERVED).any()
    if limits.timeout_ns is not None:
        answered = recorder.outcomes == Outcome.ANSWERED
        assert ((recorder.taken_ns - recorder.intended_ns)[answered] <= limits.timeout_ns).all()


kinds = st.sampled_from([RequestKind.RECOMMEND] * 4 + [RequestKind.FEEDBACK] * 2 + [RequestKind.INGEST])
mixed = st.lists(st.tuples(kinds, st.integers(0, 2), st.integers(0, 6), st.integers(1, 20)), min_size=1, max_size=25)
servings = st.sampled_from(
    [lambda: DirectServing(DirectOptions()), lambda: MicrobatchServing(MicrobatchOptions(max_requests=3))]
)


@settings(deadline=None)
@given(mixed, st.integers(2, 4), servings)
def test_the_world_changes_in_the_order_of_the_trace(work, workers, serving):
    """Feedback: after every earlier request of its user, before every later one. An ingest: the same for everybody."""
    requests = [
        Request(row, kind, -1 if kind is RequestKind.INGEST else user, row) for row, (kind, user, *_) in enumerate(work)
    ]
    intended_ns = np.cumsum([gap for _, _, gap, _ in work], dtype=np.int64)
    recorder, crew = serve(scheduled(intended_ns), requests, [service for *_, service in work], workers, serving)
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    first = {}  # row → worker, and place of the first thing it did for it
    for worker, one in enumerate(crew):
        for place, (_, rows) in enumerate(one.journal):
            for rank, row in enumerate(rows):  # ingests may be put in together, in their order
                first.setdefault(row, (worker, (place, rank)))
    for later in requests:
        for earlier in requests[: later.row]:
            if not _ordered(earlier, later):
                continue
            (worker, place), (later_worker, later_place) = first[earlier.row], first[later.row]
            if worker == later_worker:
                assert place <= later_place, "ingests next to each other begin together"
            else:
                assert recorder.ended_ns[earlier.row] <= recorder.taken_ns[later.row]


def _ordered(earlier, later):
    pair = {earlier.kind, later.kind}
    return RequestKind.INGEST in pair or (RequestKind.FEEDBACK in pair and earlier.user == later.user)


def test_other_users_do_not_wait_for_feedback():
    kinds = [RequestKind.RECOMMEND, RequestKind.FEEDBACK, RequestKind.RECOMMEND]
    requests = [Request(row, kind, user, row) for row, (kind, user) in enumerate(zip(kinds, (0, 1, 2), strict=True))]
    recorder, _ = serve(scheduled(np.zeros(3, np.int64)), requests, [10, 0, 10], 2)
    assert recorder.ended_ns.tolist() == [10, 0, 10]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_query_of_several_requests_is_shared_out(workers):
    recorder, _ = serve(lambda *arguments: StreamInbox(*arguments, 3), lists(6), [10] * 6, workers)
    rounds = -(-3 // workers) * 10
    assert recorder.intended_ns.tolist() == [0] * 3 + [rounds] * 3
    assert recorder.ended_ns.max() == 2 * rounds


def test_two_clients_are_served_by_two_workers_at_once():
    recorder, crew = serve(lambda *arguments: ClosedInbox(*arguments, clients=2, think_ns=5), lists(6), [10] * 6, 2)
    assert recorder.intended_ns.tolist() == [0, 0, 15, 15, 30, 30]
    assert recorder.ended_ns.tolist() == [10, 10, 25, 25, 40, 40]
    by_worker = defaultdict(int)
    for worker, one in enumerate(crew):
        by_worker[worker] = sum(event == "finish" for event, _ in one.journal)
    assert sorted(by_worker.values()) == [3, 3]


def test_a_worker_that_breaks_ends_the_others_instead_of_leaving_them_waiting():
    clock = CrewClock(2)
    recorder = Recorder(5, 1, clock)
    shared = SharedInbox(ScheduledInbox(lists(5), np.arange(5), clock, recorder), clock.changed)

    def breaks():
        shared.take(1)
        shared.close()
        raise RuntimeError("broken")

    other = TimedRecommender(clock, [3] * 5)
    with pytest.raises(RuntimeError, match="broken"):
        clock.run([breaks, lambda: DirectServing(DirectOptions()).serve(shared, other, recorder)])
    assert (recorder.outcomes != Outcome.ANSWERED).sum() >= 1
