"""The inbox against a model that looks at every single instant."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import lists, response_ns, serve_closed

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.inbox import ScheduledInbox, SequentialInbox

schedules = st.lists(st.integers(0, 12), max_size=12).map(lambda gaps: np.cumsum(gaps, dtype=np.int64))
"""Intended times, several at the same instant among them."""


@dataclass(frozen=True)
class Step:
    """One thing a system does: work, then ask for requests, waiting for them or not."""

    busy_ns: int
    max_requests: int
    max_wait_ns: int
    polls: bool


steps = st.lists(st.builds(Step, st.integers(0, 20), st.integers(1, 4), st.integers(0, 15), st.booleans()), max_size=20)
timeouts = st.none() | st.integers(1, 25)


class Model:
    """The rules, instant by instant: a request is due from its time on, and given up when it waited past the limit."""

    def __init__(self, due_ns, timeout_ns):
        self.waiting = list(enumerate(due_ns))
        self.timeout_ns = timeout_ns
        self.given_up = set()

    def due(self, now_ns):
        late = [row for row, due in self.waiting if self.timeout_ns is not None and now_ns > due + self.timeout_ns]
        self.given_up.update(late)
        self.waiting = [(row, due) for row, due in self.waiting if row not in self.given_up]
        return [(row, due) for row, due in self.waiting if due <= now_ns]

    def hand_out(self, chosen):
        rows = [row for row, _ in chosen]
        self.waiting = [(row, due) for row, due in self.waiting if row not in rows]
        return rows

    def poll(self, now_ns, max_requests):
        return self.hand_out(self.due(now_ns)[:max_requests])

    def take(self, now_ns, max_requests, max_wait_ns):
        """The rows and the instant at which they are handed out."""
        while True:
            due = self.due(now_ns)
            if len(due) >= max_requests or (due and now_ns >= due[0][1] + max_wait_ns):
                return self.hand_out(due[:max_requests]), now_ns
            if not self.waiting:
                return [], None
            now_ns += 1


@given(schedules, steps, timeouts)
def test_every_request_is_handed_out_exactly_when_the_rules_say(intended_ns, plan, timeout_ns):
    clock = VirtualClock()
    clock.wait_until_ns(1_000)
    recorder = Recorder(len(intended_ns), 1, clock)
    inbox = ScheduledInbox(lists(len(intended_ns)), intended_ns, clock, recorder, timeout_ns)
    model = Model((intended_ns + 1_000).tolist(), timeout_ns)
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
    assert not model.waiting, "the schedule is drained"
    given_up = sorted(model.given_up)
    assert np.flatnonzero(recorder.outcomes == Outcome.TIMED_OUT).tolist() == given_up
    if given_up:
        assert (recorder.taken_ns[given_up] == recorder.intended_ns[given_up] + timeout_ns).all()


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
        inbox = ScheduledInbox(lists(1), np.array([10]), clock, recorder, timeout_ns=5)
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
    assert [request.row for request in inbox.take(8, max_wait_ns=100)] == [0]
    assert clock.now_ns() == 0
    assert inbox.poll(8) == []
    assert [request.row for request in inbox.take(8)] == [1]
    assert inbox.take(8) == []
