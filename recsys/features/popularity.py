"""How often items were wanted lately: the newest events in a window of fixed length, one in and one out."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from recsys.types import EventKind, Events, Positions

Counts = npt.NDArray[np.int64]
_NOT_WANTED = -1
"""Stands in the window for a dislike."""


class RecentCounts:
    """Events of each item but dislikes, among the newest `window` events known at a time.

    events: of the data, in time order. counts int64 [n_items]: as of now. A dislike takes its place in the window.
    """

    def __init__(self, events: Events, n_items: int, window: int) -> None:
        self._events = events
        self._window = window
        self._n_items = n_items
        self.rewind(np.iinfo(np.int64).min)

    def rewind(self, as_of_s: int) -> None:
        """Know the events of the data strictly before a time, and none recorded since. O(window + n_items)."""
        stop = int(np.searchsorted(self._events.timestamp_s, as_of_s))
        newest = self._events.take(slice(max(0, stop - self._window), stop))
        places = np.where(newest.kind == EventKind.DISLIKE, _NOT_WANTED, newest.item)
        self._in_window = deque(places.tolist(), maxlen=max(self._window, 1))
        self.counts: Counts = np.bincount(newest.wanted, minlength=self._n_items)

    def record(self, item: int, kind: EventKind) -> None:
        """One event more; the oldest leaves the window when it is full. O(1)."""
        if not self._window:
            return
        if len(self._in_window) == self._window and self._in_window[0] != _NOT_WANTED:
            self.counts[self._in_window[0]] -= 1
        self._in_window.append(_NOT_WANTED if kind == EventKind.DISLIKE else item)
        if kind != EventKind.DISLIKE:
            self.counts[item] += 1


class CountsBefore:
    """How often each item had been met before any place in a sequence of events, for features without hindsight.

    items int32 [n]: of the events, in time order.
    """

    def __init__(self, items: Positions) -> None:
        self._n_events = len(items)
        self._keys = np.sort(items.astype(np.int64) * self._n_events + np.arange(self._n_events))

    def count(self, items: npt.NDArray[np.integer], first: Counts, stop: Counts) -> Counts:
        """Events of these items at places first ≤ place < stop, int64 as they broadcast. Places: 0 to n."""
        base = items.astype(np.int64) * self._n_events
        return np.searchsorted(self._keys, base + stop) - np.searchsorted(self._keys, base + first)
