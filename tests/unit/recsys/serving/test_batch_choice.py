"""Which of the waiting leave together: in the order in which they came, or with those of a length like the oldest's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_service import TimedRecommender, lists

from bench.clock import VirtualClock
from bench.measure.recorder import Recorder
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.batch_choice import nearest_in_length, oldest_first
from recsys.serving.microbatch import MicrobatchOptions, MicrobatchServing


@pytest.mark.parametrize(
    ("rule", "tokens", "limits", "places"),
    [
        (oldest_first, [4, 5, 2, 9], (10, 8), [0, 1]),
        (oldest_first, [4, 5, 1, 9], (10, 8), [0, 1, 2]),
        (oldest_first, [1, 1, 1, 1], (10, 3), [0, 1, 2]),
        (oldest_first, [50, 1], (10, 8), [0]),
        (nearest_in_length, [4, 50, 5, 30, 4], (14, 8), [0, 4]),
        (nearest_in_length, [4, 50, 5, 30, 4], (15, 8), [0, 2, 4]),
        (nearest_in_length, [10, 40, 9, 11, 12], (33, 8), [0, 2, 3]),
        (nearest_in_length, [10, 40, 9, 11, 12], (100, 3), [0, 2, 3]),
        (nearest_in_length, [5, 5, 5], (10, 8), [0, 1]),
        (nearest_in_length, [50, 1], (10, 8), [0]),
        (nearest_in_length, [0, 3, 0, 0], (12, 8), [0, 1, 2, 3]),
    ],
)
def test_known_choices(rule, tokens, limits, places):
    assert rule(tokens, *limits) == places


@pytest.mark.parametrize("rule", [oldest_first, nearest_in_length])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(1, 80), st.integers(1, 12))
def test_the_oldest_is_always_among_them_and_the_limits_hold(rule, tokens, max_tokens, max_requests):
    places = rule(tokens, max_tokens, max_requests)
    assert places[0] == 0
    assert places == sorted(set(places))
    assert len(places) <= max_requests
    assert len(places) == 1 or sum(tokens[place] for place in places) <= max_tokens


def finished(intended_ns, tokens, **options):
    """The batches that left, in order."""
    clock = VirtualClock()
    n = len(intended_ns)
    recorder = Recorder(n, 1, clock)
    recommender = TimedRecommender(clock, [10] * n, tokens)
    inbox = ScheduledInbox(lists(n), np.array(intended_ns, np.int64), clock, recorder)
    MicrobatchServing(MicrobatchOptions(**options)).serve(inbox, recommender, recorder)
    return [rows for what, rows in recommender.journal if what == "finish"]


def padded_tokens(batches, tokens):
    return sum(len(rows) * max(tokens[row] for row in rows) for rows in batches)


def test_alternating_lengths_are_sorted_apart():
    tokens = [4, 40] * 6
    in_order = finished([0] * 12, tokens, max_tokens=88, max_requests=12)
    grouped = finished([0] * 12, tokens, max_tokens=88, max_requests=12, group_by_length=True)
    assert in_order == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]
    assert grouped == [(0, 2, 4, 6, 8, 10), (1, 3), (5, 7), (9, 11)]
    assert padded_tokens(in_order, tokens) == 480
    assert padded_tokens(grouped, tokens) == sum(tokens) == 264


def test_what_waits_in_the_inbox_may_be_chosen_though_the_budget_is_full_already():
    """Twelve wait, and the first four fill the budget; the fifth and sixth are as long as the first."""
    tokens = [6, 20, 20, 20, 6, 6] + [20] * 6
    assert finished([0] * 12, tokens, max_tokens=20, max_requests=12, group_by_length=True)[0] == (0, 4, 5)
    late = [0, 0, 0, 0, 1, 1] + [1] * 6
    assert finished(late, tokens, max_tokens=20, max_requests=12, group_by_length=True)[0] == (0,), (
        "nobody waits for it"
    )


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=40),
    st.integers(1, 60),
    st.integers(1, 8),
)
def test_nobody_starves(rows, max_tokens, max_requests):
    """Each batch holds the oldest that waits, and everyone is served once."""
    intended_ns = np.cumsum([gap for gap, _ in rows])
    tokens = [cost for _, cost in rows]
    batches = finished(intended_ns, tokens, max_tokens=max_tokens, max_requests=max_requests, group_by_length=True)
    waiting = list(range(len(rows)))
    for batch in batches:
        assert batch[0] == waiting[0]
        waiting = [row for row in waiting if row not in batch]
    assert waiting == []
