"""The satisfaction proxy: sessions with a hit, on lists and sessions that can be read off."""

import numpy as np
import pytest
from small_data import dataset_of

from bench.measure.slices import Slice
from bench.measure.visit_goals import VisitGoals
from bench.scenario import LoadPoint, LoadTable
from bench.traffic.drawn import trace_of_events
from recsys.data.sessions import SESSION_BREAK_S

NAN = float("nan")
NEXT = 10 + SESSION_BREAK_S + 1
EVENTS = [(1, 0, 0), (5, 0, 1), (10, 0, 2), (NEXT, 0, 3), (NEXT + 1, 0, 4)]
POINT = LoadPoint("single", LoadTable(kind="single_stream", requests=4), None)
WHOLE = [Slice(POINT, 0, 0, 4)]
ASKED = np.array([1, 2, 3, 4])
"""Lists just before the events of items 1 and 2, in the first session, and of 3 and 4, in the next."""
RELEVANT = [np.array(items, np.int32) for items in ([1, 2, 3, 4], [2, 3, 4], [3, 4], [4])]


def satisfied(lists, relevant=RELEVANT, slices=WHOLE, reported=(False,) * 4):
    trace = trace_of_events(dataset_of(EVENTS), ASKED, np.array(reported))
    return VisitGoals.of(trace, relevant, slices).satisfied(np.array(lists, np.int32)).tolist()


@pytest.mark.parametrize(
    ("lists", "first", "second"),
    [
        ([[1, -1], [0, -1], [0, -1], [0, -1]], 1, 0),  # one hit is enough, whichever list made it
        ([[0, -1], [0, 2], [0, -1], [0, 4]], 1, 1),
        ([[3, 4], [3, 4], [0, -1], [0, -1]], 0, 0),  # what is met in the next session is no hit of this one
        ([[0, -1], [1, 0], [0, -1], [3, 0]], 0, 0),  # what was met before the list is none either
        ([[-1, -1]] * 4, 0, 0),
    ],
)
def test_a_session_counts_once_at_its_last_list(lists, first, second):
    assert satisfied(lists) == pytest.approx([NAN, first, NAN, second], nan_ok=True)


def test_a_session_in_which_nothing_is_left_to_be_found_is_none():
    nothing = np.zeros(0, np.int32)
    seen = [np.array([3, 4], np.int32), np.array([3, 4], np.int32), np.array([3], np.int32), nothing]
    assert satisfied([[3, 4]] * 4, seen) == pytest.approx([NAN, NAN, 1, NAN], nan_ok=True)


def test_a_request_that_asks_for_no_list_has_no_session():
    relevant = [RELEVANT[0], None, RELEVANT[2], None]
    found = satisfied([[2, 4]] * 4, relevant, reported=(False, True, False, True))
    assert found == pytest.approx([1, NAN, 1, NAN], nan_ok=True)


def test_slices_are_judged_by_themselves():
    halves = [Slice(POINT, 0, 0, 1), Slice(POINT, 1, 1, 4)]
    assert satisfied([[1, -1], [0, -1], [0, -1], [0, -1]], slices=halves) == pytest.approx([1, 0, NAN, 0], nan_ok=True)


def test_without_lists_nothing_is_measured():
    assert np.isnan(satisfied([[1, 2]] * 4, [None] * 4)).all()
