"""Counts in a window that moves, and counts before a moment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_data import make_dataset

from recsys.features.popularity import CountsBefore, RecentCounts

EVENTS = make_dataset().events
N_ITEMS = 40


@given(st.integers(0, 6_000), st.lists(st.integers(0, N_ITEMS - 1), max_size=30), st.integers(0, 50))
def test_the_window_holds_the_newest_events_of_the_data_and_since(as_of_s, since, window):
    counts = RecentCounts(EVENTS, N_ITEMS, window)
    counts.rewind(as_of_s)
    for item in since:
        counts.record(item)
    known = [*EVENTS.item[as_of_s > EVENTS.timestamp_s].tolist(), *since]
    newest = known[len(known) - min(window, len(known)) :]
    assert counts.counts.tolist() == np.bincount(np.array(newest, int), minlength=N_ITEMS).tolist()
    counts.rewind(as_of_s)
    assert counts.counts.sum() == min(window, len(known) - len(since))


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(0, 5), st.data())
def test_counts_before_a_place(items, item, data):
    stop = data.draw(st.integers(0, len(items)))
    first = data.draw(st.integers(0, stop))
    counted = CountsBefore(np.array(items, np.int32)).count(np.array([item]), np.array([first]), np.array([stop]))
    assert counted.tolist() == [items[first:stop].count(item)]
