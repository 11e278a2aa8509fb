"""The inbox against a model that looks at every single instant."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import lists, response_ns, serve_closed, serve_timed

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.closed import ClosedInbox, SequentialInbox, StreamInbox
from bench.traffic.scheduled import Limits, ScheduledInbox

schedules = st.lists(st.integers(0, 12), max_size=12).map(lambda gaps: np.cumsum(gaps, dtype=np.int64))
"""Intended times, several at the same instant among them."""


@dataclass(frozen=True)
class Step:
    """One thing a system does: work, then ask for requests, waiting for them or not."""

    busy_ns: int
    max_requests: int
    max_wait_ns: int
    polls: bool


step = st.builds(Step, st.integers(0, 20), st.integers(1, 4), st.integers(0, 15), st.booleans())
steps = st.lists(step, max_size=20)
limits = st.builds(Limits, st.none() | st.integers(1, 25), st.none() | st.integers(1, 5))


class Model:
    """The rules, instant by instant: who is due joins or is refused, who waited past the limit is given up."""

    def __init__(self, due_ns, limits):
        self.coming = list(enumerate(due_ns))
        self.waiting = []
        self.limits = limits
        self.given_up = []
        self.refused = []
        self.looked_ns = -1

    def look(self, now_ns):
        for at_ns in range(self.looked_ns + 1, now_ns + 1):
            self.give_up(at_ns)
            while self.coming and self.coming[0][1] == at_ns:
                full = self.limits.queue is not None and len(self.waiting) >= self.limits.queue
                (self.refused if full else self.waiting).append(self.coming.pop(0))
        self.looked_ns = now_ns

    def give_up(self, at_ns):
        if self.limits.timeout_ns is not None:
            late = [entry for entry in self.waiting if at_ns > entry[1] + self.limits.timeout_ns]
            self.given_up += late
            self.waiting = [entry for entry in self.waiting if entry not in late]

    def hand_out(self, n):
        rows = [row for row, _ in self.waiting[:n]]
        self.waiting = self.waiting[n:]
        return rows

    def poll(self, now_ns, max_requests):
        self.look(now_ns)
        return self.hand_out(max_requests)

    def take(self, now_ns, max_requests, max_wait_ns):
        """The rows and the instant at which they are handed out."""
        while True:
            self.look(now_ns)
            waiting = self.waiting
            if len(waiting) >= max_requests or (waiting and now_ns >= waiting[0][1] + max_wait_ns):
                return self.hand_out(max_requests), now_ns
            if not waiting and not self.coming:
                return [], None
            now_ns += 1


@given(schedules, steps, limits)
def test_every_request_is_handed_out_exactly_when_the_rules_say(intended_ns, plan, limits):
    clock = VirtualClock()
    clock.wait_until_ns(1_000)
    recorder = Recorder(len(intended_ns), 1, clock)
    inbox = ScheduledInbox(lists(len(intended_ns)), intended_ns, clock, recorder, limits)
    model = Model((intended_ns + 1_000).tolist(), limits)
    drain = [Step(3, 3, 5, False)] * (len(intended_ns) + 1)
    for step in [*plan, *drain]:
        before_ns = clock.now_ns() + step.busy_ns
        clock.wait_until_ns(before_ns)
        if step.polls:
            rows = [request.row for request in inbox.poll(step.max_requests)]
            assert clock.now_ns() == before_ns, "poll waited"
            assert rows == model.poll(before_ns, step.max_requests)
            continue
        rows = [request.row for request in inbox.take(step.max_requests, step.max_wait_ns)]
        expected, at_ns = model.take(before_ns, step.max_requests, step.max_wait_ns)
        assert rows == expected
        if expected:
            assert clock.now_ns() == at_ns
            assert set(recorder.taken_ns[rows]) == {at_ns}
            waited = at_ns > before_ns
            assert (recorder.lateness_ns[rows[0]] == 0) == waited, "virtual time is never late, and only waits count"
    assert inbox.drained()
    assert not (model.waiting or model.coming), "the schedule is drained"
    given_up, refused = sorted(row for row, _ in model.given_up), sorted(row for row, _ in model.refused)
    assert np.flatnonzero(recorder.outcomes == Outcome.TIMED_OUT).tolist() == given_up
    assert np.flatnonzero(recorder.outcomes == Outcome.REFUSED).tolist() == refused
    assert (recorder.ended_ns[given_up] == recorder.intended_ns[given_up] + (limits.timeout_ns or 0)).all()
    assert (recorder.ended_ns[refused] == recorder.intended_ns[refused]).all(), "refused at its own instant"


def test_a_refusal_is_decided_from_the_backlog_of_its_own_instant_not_of_the_next_take():
    """Four come while the system works; the queue holds two. A look at the end alone would refuse none or all."""
    recorder = serve_timed(np.array([0, 1, 2, 3, 9, 21]), [10] * 6, limits=Limits(queue=2))
    outcomes = [Outcome(code).name for code in recorder.outcomes.tolist()]
    assert outcomes == ["ANSWERED", "ANSWERED", "ANSWERED", "REFUSED", "REFUSED", "ANSWERED"]


def test_at_the_end_of_the_schedule_a_batch_still_waits_its_time():
    clock = VirtualClock()
    inbox = ScheduledInbox(lists(2), np.array([10, 12]), clock, Recorder(2, 1, clock))
    assert len(inbox.take(3, max_wait_ns=50)) == 2
    assert clock.now_ns() == 60, "nothing else is scheduled, and the inbox must not know"


def test_a_full_batch_leaves_when_its_last_member_is_due():
    clock = VirtualClock()
    inbox = ScheduledInbox(lists(3), np.array([10, 30, 31]), clock, Recorder(3, 1, clock))
    assert [request.row for request in inbox.take(2, max_wait_ns=50)] == [0, 1]
    assert clock.now_ns() == 30


def test_a_request_at_its_limit_is_still_served_and_one_past_it_is_not():
    for now_ns, served in ((15, [0]), (16, [])):
        clock = VirtualClock()
        recorder = Recorder(1, 1, clock)
        inbox = ScheduledInbox(lists(1), np.array([10]), clock, recorder, Limits(timeout_ns=5))
        clock.wait_until_ns(now_ns)
        assert [request.row for request in inbox.take(1)] == served
        assert (recorder.outcomes[0] == Outcome.TIMED_OUT) == (not served)


def test_times_count_from_the_moment_the_inbox_opens():
    clock = VirtualClock()
    clock.wait_until_ns(777)
    recorder = Recorder(2, 1, clock)
    ScheduledInbox(lists(2), np.array([0, 5]), clock, recorder)
    assert recorder.intended_ns.tolist() == [777, 782]


def test_in_a_closed_loop_the_next_request_is_due_when_the_last_is_done():
    recorder = serve_closed([5, 7, 11])
    assert recorder.intended_ns.tolist() == [0, 5, 12]
    assert recorder.taken_ns.tolist() == [0, 5, 12]
    assert response_ns(recorder).tolist() == [5, 7, 11]


def test_a_closed_loop_hands_out_one_request_and_never_polls_another():
    clock = VirtualClock()
    inbox = SequentialInbox(lists(2), clock, Recorder(2, 1, clock))
    assert [request.row for request in inbox.take(8)] == [0]
    assert inbox.poll(8) == []
    inbox.done([0], [None])
    assert [request.row for request in inbox.take(8)] == [1]
    assert inbox.take(8) == []


def test_a_system_that_waits_for_others_waits_in_vain_in_a_stream_of_one():
    clock = VirtualClock()
    recorder = Recorder(1, 1, clock)
    assert len(SequentialInbox(lists(1), clock, recorder).take(8, max_wait_ns=100)) == 1
    assert recorder.taken_ns[0] == 100, "its timer is part of what it costs"


@given(st.lists(st.integers(0, 9), max_size=12))
def test_a_stream_of_one_is_the_stream_of_queries_in_less_time(service_ns):
    """SequentialInbox has a faster take of its own: it must say the same as StreamInbox."""
    recorders = []
    for kind in (SequentialInbox, StreamInbox):
        clock = VirtualClock()
        recorder = Recorder(len(service_ns), 1, clock)
        inbox = kind(lists(len(service_ns)), clock, recorder)
        while taken := inbox.take(3):
            clock.wait_until_ns(clock.now_ns() + service_ns[taken[0].row])
            inbox.done([taken[0].row], [None])
        recorders.append(recorder)
    for name in ("intended_ns", "taken_ns", "ended_ns", "outcomes"):
        assert (getattr(recorders[0], name) == getattr(recorders[1], name)).all()


def test_the_next_query_is_due_when_the_last_request_of_this_one_is_done():
    clock = VirtualClock()
    recorder = Recorder(5, 1, clock)
    inbox = StreamInbox(lists(5), clock, recorder, requests_per_query=2)
    order = []
    while taken := inbox.take(1):
        clock.wait_until_ns(clock.now_ns() + 10)
        inbox.done([taken[0].row], [None])
        order.append(taken[0].row)
    assert order == [0, 1, 2, 3, 4]
    assert recorder.intended_ns.tolist() == [0, 0, 20, 20, 40]
    assert recorder.ended_ns.tolist() == [10, 20, 30, 40, 50]


def test_a_query_leaves_together_where_the_system_takes_several():
    clock = VirtualClock()
    inbox = StreamInbox(lists(5), clock, Recorder(5, 1, clock), requests_per_query=3)
    assert [request.row for request in inbox.take(2)] == [0, 1]
    assert [request.row for request in inbox.poll(8)] == [2]
    assert inbox.poll(8) == [], "the next query waits for this one"
    inbox.done([0, 1], [None, None])
    assert inbox.poll(8) == []
    inbox.done([2], [None])
    assert [request.row for request in inbox.take(8)] == [3, 4]
    assert inbox.drained()


def test_each_client_asks_again_after_thinking():
    """Two clients, service 10, think 7: with one server client A asks at 0, 17, 37, B at 0 and 27."""
    clock = VirtualClock()
    recorder = Recorder(5, 1, clock)
    inbox = ClosedInbox(lists(5), clock, recorder, clients=2, think_ns=7)
    while taken := inbox.take(1):
        clock.wait_until_ns(clock.now_ns() + 10)
        inbox.done([taken[0].row], [None])
    assert recorder.intended_ns.tolist() == [0, 0, 17, 27, 37]
    assert recorder.ended_ns.tolist() == [10, 20, 30, 40, 50]


@given(st.integers(1, 4), st.integers(0, 20), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_no_more_requests_are_in_a_closed_loop_than_there_are_clients(clients, think_ns, service_ns):
    n = len(service_ns)
    clock = VirtualClock()
    recorder = Recorder(n, 1, clock)
    inbox = ClosedInbox(lists(n), clock, recorder, clients, think_ns)
    while taken := inbox.take(clients, max_wait_ns=3):
        clock.wait_until_ns(clock.now_ns() + max(service_ns[request.row] for request in taken))
        inbox.done([request.row for request in taken], [None] * len(taken))
    assert (recorder.outcomes == Outcome.ANSWERED).all()
    asked, ended = recorder.intended_ns, recorder.ended_ns
    for at_ns in asked.tolist():
        assert ((asked <= at_ns) & (ended > at_ns)).sum() <= clients
