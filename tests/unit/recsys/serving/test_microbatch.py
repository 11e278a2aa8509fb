"""Micro-batching: what leaves with what, in which order, and who waits for whom."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import NS_PER_MS, TimedRecommender, lists, response_ns, serve_timed

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.closed import SequentialInbox
from bench.traffic.scheduled import ScheduledInbox
from recsys.errors import BadOptions
from recsys.options import parse_options
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing
from recsys.types import Request, RequestKind


def kind_of(row, feedback, ingests):
    if row in feedback:
        return RequestKind.FEEDBACK
    return RequestKind.INGEST if row in ingests else RequestKind.RECOMMEND


def serve(intended_ns, tokens, feedback=(), ingests=(), service_ns=1000, **options):
    """The journal of a recommender that served these requests, and the recorder."""
    clock = VirtualClock()
    n = len(intended_ns)
    requests = [Request(row, kind_of(row, feedback, ingests), 0, row, row) for row in range(n)]
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
    assert recorder.ended_ns.tolist() == [7, NS_PER_MS + 7]
    recorder = serve_timed(np.array([0, NS_PER_MS]), [7, 7], MicrobatchOptions(max_requests=2, max_wait_ms=2.5))
    assert recorder.ended_ns.tolist() == [NS_PER_MS + 7] * 2, "full before the time was over"
    recorder = serve_timed(np.array([0, NS_PER_MS]), [7, 7], MicrobatchOptions(max_requests=3, max_wait_ms=2.5))
    assert recorder.ended_ns.tolist() == [round(2.5 * NS_PER_MS) + 7] * 2, "its cost is the whole wait"


def test_a_batch_leaves_when_the_next_request_would_exceed_the_budget_and_that_one_is_carried_over():
    journal, _ = serve([0] * 5, [4, 5, 2, 9, 1], max_tokens=10)
    assert batches(journal) == [(0, 1), (2,), (3, 4)]


def test_a_request_over_the_budget_goes_alone():
    journal, _ = serve([0] * 3, [3, 50, 3], max_tokens=10)
    assert batches(journal) == [(0,), (1,), (2,)]


def test_no_more_requests_are_taken_than_the_budget_needs():
    """What stays in the inbox can still be given up or refused there."""
    _, recorder = serve([0] * 40, [10] * 40, max_tokens=20, max_requests=4)
    first_done_ns = recorder.ended_ns.min()
    assert (recorder.taken_ns < first_done_ns).sum() == 4


@dataclass(frozen=True)
class Case:
    """Requests as (gap in ns, tokens, kind), and the limits of a batch."""

    rows: list
    max_tokens: int
    max_requests: int
    max_wait_ns: int

    def rows_of(self, kind):
        return {row for row, (_, _, own) in enumerate(self.rows) if own is kind}

    @property
    def intended_ns(self):
        return np.cumsum([gap for gap, _, _ in self.rows]).tolist()

    def serve(self):
        return serve(
            self.intended_ns,
            [cost for _, cost, _ in self.rows],
            self.rows_of(RequestKind.FEEDBACK),
            self.rows_of(RequestKind.INGEST),
            max_tokens=self.max_tokens,
            max_requests=self.max_requests,
            max_wait_ms=self.max_wait_ns / NS_PER_MS,
        )


kinds = st.sampled_from([RequestKind.RECOMMEND] * 4 + [RequestKind.FEEDBACK, RequestKind.INGEST])
cases = st.builds(
    Case,
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), kinds), min_size=1, max_size=40),
    st.integers(1, 60),
    st.integers(1, 8),
    st.sampled_from([0, 1, 400, 3000]),
)


@given(cases)
def test_first_in_first_out_within_budget_and_length(case):
    journal, recorder = case.serve()
    finished = batches(journal)
    asked = sorted(case.rows_of(RequestKind.RECOMMEND))
    assert [row for batch in finished for row in batch] == asked, "each once, in the order in which they came"
    for batch in finished:
        assert len(batch) <= case.max_requests
        assert len(batch) == 1 or sum(case.rows[row][1] for row in batch) <= case.max_tokens
    seen = [row for what, began in journal if what in ("begin", "feedback", "ingest") for row in began]
    assert seen == list(range(len(case.rows))), "a request sees every earlier event and item, and no later one"
    assert (recorder.outcomes == Outcome.ANSWERED).all()


@given(cases)
def test_an_ingest_comes_after_all_that_was_before_and_before_all_that_comes_after(case):
    journal, recorder = case.serve()
    for place, (what, rows) in enumerate(journal):
        if what == "ingest":
            before = [row for what, rows in journal[:place] if what in ("finish", "feedback", "ingest") for row in rows]
            assert sorted(before) == list(range(rows[0])), "all answered, and nothing later begun"
            assert list(rows) == list(range(rows[0], rows[-1] + 1))
            assert (recorder.taken_ns[rows[-1] + 1 :] >= recorder.ended_ns[rows[-1]]).all(), "others stay in the queue"


@given(cases)
def test_a_batch_leaves_when_it_is_full_or_its_oldest_request_has_waited_and_then_at_once(case):
    """Against the rule itself: the moment at which each batch left, from what was due by then."""
    journal, recorder = case.serve()
    due_ns, free_ns = case.intended_ns, 0
    for what, batch in journal:
        if what == "feedback":
            continue
        started_ns = int(recorder.marks_ns["batch_wait"][batch[0]])
        if what == "finish":
            over_ns = due_ns[batch[0]] + case.max_wait_ns
            tokens = sum(case.rows[row][1] for row in batch)
            later = [row for row in range(batch[-1] + 1, len(due_ns)) if case.rows[row][2] is not RequestKind.FEEDBACK]
            pressed = bool(later) and due_ns[later[0]] <= started_ns  # the next does not fit, or is an ingest
            full = tokens >= case.max_tokens or len(batch) == case.max_requests or pressed
            assert started_ns >= over_ns or full, "too early"
            filled_ns = due_ns[later[0]] if pressed else due_ns[batch[-1]] if full else over_ns
            assert started_ns == max(free_ns, min(over_ns, filled_ns), due_ns[batch[-1]]), "too late"
        if what in ("finish", "ingest"):
            free_ns = int(recorder.ended_ns[batch[0]])


def test_feedback_is_applied_in_its_place_and_carries_update_alone():
    journal, recorder = serve([0] * 5, [1] * 5, feedback={2}, max_requests=8)
    assert journal == [("begin", (0, 1)), ("feedback", (2,)), ("begin", (3, 4)), ("finish", (0, 1, 3, 4))]
    marked = {stage for stage, marks in recorder.marks_ns.items() if marks[2]}
    assert marked <= {"update"}


def test_ingests_wait_for_those_before_go_together_and_hold_up_those_after():
    journal, recorder = serve([0] * 6, [6, 6, 6, 1, 1, 1], ingests={3, 4}, service_ns=10, max_tokens=12)
    assert journal == [
        ("begin", (0, 1, 2)), ("finish", (0, 1)), ("begin ingest", (3, 4)), ("finish", (2,)), ("ingest", (3, 4)),
        ("begin", (5,)), ("finish", (5,)),
    ]  # fmt: skip
    assert recorder.taken_ns.tolist() == [0, 0, 0, 10, 10, 30]
    assert recorder.ended_ns.tolist() == [10, 10, 20, 30, 30, 40]
    assert recorder.marks_ns["batch_wait"].tolist() == [0, 0, 10, 20, 20, 30], "what it waits for is not its own work"


def test_an_ingest_ends_the_wait_of_those_before_it():
    _, recorder = serve([0, 70, 80], [1] * 3, ingests={1}, service_ns=5, max_wait_ms=50)
    assert recorder.ended_ns.tolist() == [75, 80, 80 + 50 * NS_PER_MS + 5]


def test_a_budget_that_is_full_leaves_before_the_wait_is_over():
    _, recorder = serve([0, NS_PER_MS, 2 * NS_PER_MS], [10, 10, 1], service_ns=7, max_tokens=20, max_wait_ms=5)
    assert recorder.ended_ns.tolist() == [NS_PER_MS + 7] * 2 + [7 * NS_PER_MS + 7]


def test_what_is_carried_over_waits_for_more_from_its_own_time_on():
    """The second exceeds the first's budget at 1 ms, and is filled by the third at 2 ms."""
    ms = NS_PER_MS
    journal, recorder = serve([0, ms, 2 * ms], [10, 10, 5], service_ns=7, max_tokens=15, max_wait_ms=2)
    assert batches(journal) == [(0,), (1, 2)]
    assert recorder.ended_ns.tolist() == [ms + 7, 2 * ms + 7, 2 * ms + 7]


def test_a_wait_that_ran_out_in_the_queue_is_not_waited_again():
    ms = NS_PER_MS
    _, recorder = serve([0, 2 * ms], [1, 1], service_ns=4 * ms, max_wait_ms=1)
    assert recorder.ended_ns.tolist() == [5 * ms, 9 * ms]
    assert recorder.taken_ns.tolist() == [0, 5 * ms], (
        "while it waits for more it is in service: the wait is its own cost"
    )


def test_in_a_closed_loop_the_wait_is_in_vain_and_paid_for():
    clock = VirtualClock()
    recorder = Recorder(2, 1, clock)
    serving = MicrobatchServing(MicrobatchOptions(max_wait_ms=3))
    serving.serve(SequentialInbox(lists(2), clock, recorder), TimedRecommender(clock, [5, 5]), recorder)
    assert response_ns(recorder).tolist() == [3 * NS_PER_MS + 5] * 2


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
