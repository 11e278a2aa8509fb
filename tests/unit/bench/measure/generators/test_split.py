"""A block split over generators: every request once, and a user who reports events through one of them alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.measure.generators.split import SharedOut, split_places
from recsys.types import Request, RequestKind

BLOCKS = st.lists(st.tuples(st.sampled_from(list(RequestKind)), st.integers(0, 5)), max_size=40)


def columns(block):
    kinds = np.array([kind for kind, _ in block], np.int8)
    users = np.array([-1 if kind is RequestKind.INGEST else user for kind, user in block], np.int32)
    return kinds, users


@given(BLOCKS, st.integers(1, 6))
def test_every_request_is_one_generators(block, generators):
    parts = split_places(*columns(block), generators)
    assert len(parts) == generators
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(block)))
    assert all((np.diff(part) > 0).all() for part in parts)


@given(BLOCKS, st.integers(2, 6))
def test_who_reports_an_event_asks_through_one_alone(block, generators):
    kinds, users = columns(block)
    parts = split_places(kinds, users, generators)
    for user in set(users[kinds == RequestKind.FEEDBACK].tolist()):
        assert sum((users[part] == user).any() for part in parts) == 1


def test_others_take_turns():
    kinds = np.full(7, RequestKind.RECOMMEND, np.int8)
    users = np.array([4, 4, 4, 1, 1, 2, 2], np.int32)
    assert [part.tolist() for part in split_places(kinds, users, 3)] == [[0, 3, 6], [1, 4], [2, 5]]
    kinds[4] = RequestKind.FEEDBACK  # of user 1, whose first request is the fourth
    assert [part.tolist() for part in split_places(kinds, users, 3)] == [[0, 3, 4, 6], [1], [2, 5]]


def test_a_share_is_numbered_from_nothing():
    requests = [Request(row, RequestKind.RECOMMEND, 10 + row, row) for row in range(6)]
    share = SharedOut(requests, np.array([1, 4, 5]))
    assert [(request.row, request.user) for request in share] == [(0, 11), (1, 14), (2, 15)]
    assert [request.row for request in share[1:]] == [1, 2]
    assert share[-1].row == 2 and share[-1].user == 15
