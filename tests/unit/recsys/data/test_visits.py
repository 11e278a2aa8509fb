"""The visit that a request belongs to, on sessions that can be read off."""

import dataclasses

import numpy as np
import pytest
from small_data import dataset_of

from recsys.data.sessions import SESSION_BREAK_S
from recsys.data.visits import Visits
from recsys.types import EventKind

LATER = 100 + SESSION_BREAK_S
EVENTS = [(10, 0, 0), (20, 1, 4), (50, 0, 1), (100, 0, 3), (LATER + 1, 0, 2), (LATER + 9, 0, 2)]
"""User 0: a visit from 10 to 100 and one of two events a break later. User 1: a single event."""


@pytest.mark.parametrize(
    ("now_s", "wanted"), [(0, [0, 1, 3]), (10, [0, 1, 3]), (11, [1, 3]), (100, [3]), (101, [2]), (LATER + 2, [2])]
)
def test_what_is_left_of_the_session_that_goes_on_or_comes_next(now_s, wanted):
    assert Visits(dataset_of(EVENTS)).at(0, now_s).wanted.tolist() == wanted


def test_after_the_last_event_there_is_none():
    visits = Visits(dataset_of(EVENTS))
    assert visits.at(0, LATER + 10) is None
    assert visits.at(1, 21) is None
    assert visits.at(2, 0) is None, "a user without an event"


def test_requests_of_one_session_have_one_number():
    visits = Visits(dataset_of(EVENTS))
    first, again, next_one = (visits.at(0, now_s).session for now_s in (0, 60, 101))
    assert first == again != next_one


def test_recorded_sessions_count_and_may_overlap():
    dataset = dataclasses.replace(dataset_of(EVENTS), recorded_sessions=np.array([5, 9, 6, 5, 6, 5], np.int32))
    visits = Visits(dataset)
    assert (visits.at(0, 0).session, visits.at(0, 0).wanted.tolist()) == (5, [0, 2, 3])
    assert (visits.at(0, 11).session, visits.at(0, 11).wanted.tolist()) == (6, [1, 2])


def test_what_was_disliked_is_not_wanted():
    dataset = dataset_of(EVENTS)
    dataset.events.kind[2] = EventKind.DISLIKE
    assert Visits(dataset).at(0, 0).wanted.tolist() == [0, 3]
