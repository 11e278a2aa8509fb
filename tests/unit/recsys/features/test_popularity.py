"""Counts in a window that moves, and counts before a moment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_data import make_dataset

from recsys.features.popularity import CountsBefore, RecentCounts
from recsys.types import EventKind

EVENTS = make_dataset().events
EVENTS.kind[::7] = EventKind.DISLIKE
KINDS = st.sampled_from(EventKind)
N_ITEMS = 40


@given(st.integers(0, 6_000), st.lists(st.tuples(st.integers(0, N_ITEMS - 1), KINDS), max_size=30), st.integers(0, 50))
def test_the_window_holds_the_newest_events_of_the_data_and_since(as_of_s, since, window):
    counts = RecentCounts(EVENTS, N_ITEMS, window)
    counts.rewind(as_of_s)
    for item, kind in since:
        counts.record(item, kind)
    before = EVENTS.take(slice(0, int((as_of_s > EVENTS.timestamp_s).sum())))
    known = [*zip(before.item.tolist(), before.kind.tolist(), strict=True), *since]

    def wanted(events):
        newest = events[len(events) - min(window, len(events)) :]
        items = [item for item, kind in newest if kind != EventKind.DISLIKE]
        return np.bincount(np.array(items, int), minlength=N_ITEMS).tolist()

    assert counts.counts.tolist() == wanted(known)
    counts.rewind(as_of_s)
    assert counts.counts.tolist() == wanted(known[: len(before)])


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(0, 5), st.data())
def test_counts_before_a_place(items, item, data):
    stop = data.draw(st.integers(0, len(items)))
    first = data.draw(st.integers(0, stop))
    counted = CountsBefore(np.array(items, np.int32)).count(np.array([item]), np.array([first]), np.array([stop]))
    assert counted.tolist() == [items[first:stop].count(item)]
