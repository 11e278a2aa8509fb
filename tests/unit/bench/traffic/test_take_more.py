"""Filling a batch: what comes before the oldest request has waited its time, and never a look ahead."""

import numpy as np
import pytest
from virtual_service import lists

from bench.clock import VirtualClock
from bench.measure.recorder import Outcome, Recorder
from bench.traffic.closed import ClosedInbox, SequentialInbox, StreamInbox
from bench.traffic.scheduled import Limits, ScheduledInbox
from bench.traffic.shared import SharedInbox
from recsys.types import Request, RequestKind

NO_LIMITS = Limits()


def opened(intended_ns, requests=None, limits=NO_LIMITS):
    clock = VirtualClock()
    recorder = Recorder(len(intended_ns), 1, clock)
    requests = requests or lists(len(intended_ns))
    return ScheduledInbox(requests, np.array(intended_ns, np.int64), clock, recorder, limits), clock, recorder


def rows(requests):
    return [request.row for request in requests]


def test_what_is_due_comes_at_once_and_else_the_next_when_it_falls_due():
    inbox, clock, recorder = opened([0, 0, 0, 0, 30, 90])
    assert rows(inbox.take(1)) == [0]
    assert rows(inbox.take_more(2, 0, 50)) == [1, 2]
    assert rows(inbox.take_more(2, 0, 50)) == [3]
    assert clock.now_ns() == 0
    assert rows(inbox.take_more(2, 0, 50)) == [4]
    assert (clock.now_ns(), recorder.taken_ns[4]) == (30, 30)
    assert recorder.lateness_ns.tolist() == [0 if row == 4 else -1 for row in range(6)], "it was waited for"
    assert inbox.take_more(2, 0, 50) == []
    assert clock.now_ns() == 50


def test_at_the_end_of_the_schedule_the_time_is_waited_too():
    inbox, clock, _ = opened([10])
    inbox.take(1)
    assert inbox.take_more(4, 0, 50) == []
    assert clock.now_ns() == 60, "nothing else is scheduled, and nobody may know"


def test_once_the_time_is_over_what_is_due_still_comes():
    inbox, clock, _ = opened([0, 70, 71])
    inbox.take(1)
    clock.wait_until_ns(70)
    assert rows(inbox.take_more(4, 0, 50)) == [1]
    assert inbox.take_more(4, 0, 50) == []
    assert clock.now_ns() == 70


def test_a_request_that_was_given_up_does_not_end_the_wait():
    inbox, clock, recorder = opened([0, 5, 40], limits=Limits(timeout_ns=2))
    inbox.take(1)
    clock.wait_until_ns(20)
    assert rows(inbox.take_more(4, 0, 50)) == [2]
    assert clock.now_ns() == 40
    assert recorder.outcomes[1] == Outcome.TIMED_OUT


def test_ingests_are_handed_out_alone():
    kinds = [RequestKind.RECOMMEND, RequestKind.FEEDBACK, RequestKind.INGEST, RequestKind.INGEST, RequestKind.FEEDBACK]
    requests = [Request(row, kind, 0, row, row) for row, kind in enumerate(kinds)]
    inbox, _, _ = opened([0] * 5, requests)
    assert [rows(inbox.take(5)), rows(inbox.take_more(5, 0, 0)), rows(inbox.poll(5))] == [[0, 1], [2, 3], [4]]
    inbox = StreamInbox(requests, VirtualClock(), Recorder(5, 1, VirtualClock()), 5)
    assert [rows(inbox.take(5)), rows(inbox.take(5)), rows(inbox.take(5))] == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("make", [SequentialInbox, StreamInbox, lambda *arguments: ClosedInbox(*arguments, clients=1)])
def test_in_a_closed_loop_nobody_comes(make):
    clock = VirtualClock()
    inbox = make(lists(3), clock, Recorder(3, 1, clock))
    assert rows(inbox.take(1)) == [0]
    assert inbox.take_more(4, 0, 0) == []
    assert clock.now_ns() == 0
    assert inbox.take_more(4, 0, 50) == []
    assert clock.now_ns() == 50


def test_what_is_held_up_by_a_request_in_flight_is_not_waited_for():
    requests = [Request(row, kind, 0, row) for row, kind in enumerate((RequestKind.RECOMMEND, RequestKind.FEEDBACK))]
    inbox, clock, _ = opened([0, 5], requests)
    shared = SharedInbox(inbox)
    assert rows(shared.take(1)) == [0]
    assert shared.take_more(4, 0, 50) == []
    assert clock.now_ns() == 50
    shared.done([0], [None])
    assert rows(shared.take_more(4, 0, 50)) == [1]
