"""Micro-batching: what leaves with what, in which order, and who waits for whom."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import NS_PER_MS, TimedRecommender, lists, response_ns, serve_timed

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.inbox import ScheduledInbox
from recsys.errors import BadOptions
from recsys.options import parse_options
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import Request, RequestKind


def serve(intended_ns, tokens, feedback=(), service_ns=1000, **options):
    """The journal of a recommender that served these requests, and the recorder."""
    clock = VirtualClock()
    n = len(intended_ns)
    kinds = [RequestKind.FEEDBACK if row in feedback else RequestKind.RECOMMEND for row in range(n)]
    requests = [Request(row, kind, 0, row) for row, kind in enumerate(kinds)]
    recorder = Recorder(n, 1, clock)
    recommender = TimedRecommender(clock, [service_ns] * n, tokens)
    inbox = ScheduledInbox(requests, np.array(intended_ns, np.int64), clock, recorder)
    MicrobatchServing(MicrobatchOptions(**options)).serve(inbox, recommender, recorder)
    return recommender.journal, recorder


def batches(journal):
    return [rows for what, rows in journal if what == "finish"]


def test_a_lone_request_leaves_at_once():
    recorder = serve_timed(np.array([100]), [7], MicrobatchOptions(max_requests=32))
    assert response_ns(recorder).tolist() == [7]


def test_a_batch_waits_for_more_only_when_asked_to():
    recorder = serve_timed(np.array([0, NS_PER_MS]), [7, 7], MicrobatchOptions(max_requests=2))
    assert recorder.observed_ns().tolist() == [7, NS_PER_MS + 7]
    recorder = serve_timed(np.array([0, NS_PER_MS]), [7, 7], MicrobatchOptions(max_requests=2, max_wait_ms=2.5))
    assert recorder.observed_ns().tolist() == [NS_PER_MS + 7] * 2, "full before the time was over"
    recorder = serve_timed(np.array([0, NS_PER_MS]), [7, 7], MicrobatchOptions(max_requests=3, max_wait_ms=2.5))
    assert recorder.observed_ns().tolist() == [round(2.5 * NS_PER_MS) + 7] * 2, "its cost is the whole wait"


def test_a_batch_leaves_when_the_next_request_would_exceed_the_budget_and_that_one_is_carried_over():
    journal, _ = serve([0] * 5, [4, 5, 2, 9, 1], max_tokens=10)
    assert batches(journal) == [(0, 1), (2,), (3, 4)]


def test_a_request_over_the_budget_goes_alone():
    journal, _ = serve([0] * 3, [3, 50, 3], max_tokens=10)
    assert batches(journal) == [(0,), (1,), (2,)]


def test_no_more_requests_are_taken_than_the_budget_needs():
    """What stays in the inbox can still be given up or refused there."""
    _, recorder = serve([0] * 40, [10] * 40, max_tokens=20, max_requests=4)
    first_done_ns = recorder.observed_ns().min()
    assert (recorder.taken_ns < first_done_ns).sum() == 4


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 60),
    st.integers(1, 8),
)
def test_first_in_first_out_within_budget_and_length(rows, max_tokens, max_requests):
    intended_ns = np.cumsum([gap for gap, _, _ in rows]).tolist()
    tokens = [cost for _, cost, _ in rows]
    feedback = {row for row, (_, _, reports) in enumerate(rows) if reports}
    journal, recorder = serve(intended_ns, tokens, feedback, max_tokens=max_tokens, max_requests=max_requests)
    finished = batches(journal)
    asked = [row for row in range(len(rows)) if row not in feedback]
    assert [row for batch in finished for row in batch] == asked, "each once, in the order in which they came"
    for batch in finished:
        assert len(batch) <= max_requests
        assert len(batch) == 1 or sum(tokens[row] for row in batch) <= max_tokens
    seen = [row for what, began in journal if what in ("begin", "feedback") for row in began]
    assert seen == list(range(len(rows))), "a request sees every earlier event and no later one"
    assert (recorder.outcomes == Outcome.ANSWERED).all()


def test_feedback_is_applied_in_its_place_and_carries_update_alone():
    journal, recorder = serve([0] * 5, [1] * 5, feedback={2}, max_requests=8)
    assert journal == [("begin", (0, 1)), ("feedback", (2,)), ("begin", (3, 4)), ("finish", (0, 1, 3, 4))]
    marked = {stage for stage, marks in recorder.marks_ns.items() if marks[2]}
    assert marked <= {"update"}


def test_members_of_a_batch_share_their_marks():
    _, recorder = serve([0, 10, 20], [1] * 3, max_requests=8, service_ns=50)
    assert len(set(recorder.marks_ns["encode"].tolist())) == 2, "the first alone, then the two that came meanwhile"
    assert recorder.marks_ns["encode"][1] == recorder.marks_ns["encode"][2]
    assert recorder.taken_ns.tolist() == [0, 50, 50]


@pytest.mark.parametrize("options", [{"max_tokens": 0}, {"max_requests": 0}, {"max_wait_ms": -1}, {"max_size": 3}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(BadOptions, match=next(iter(options))):
        parse_options(MicrobatchOptions, options, 'serving "microbatch"')


def test_it_drains_a_schedule_of_nothing():
    clock = VirtualClock()
    recorder = Recorder(0, 1, clock)
    inbox = ScheduledInbox(lists(0), np.zeros(0, np.int64), clock, recorder)
    MicrobatchServing(MicrobatchOptions()).serve(inbox, TimedRecommender(clock, []), recorder)
    assert clock.now_ns() == 0
    assert inbox.take(1) == []
