"""The visit that a list is asked for in: the user's session that goes on, or comes next, at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.data.dataset import Dataset
from recsys.types import Positions


@dataclass(frozen=True, slots=True)
class Visit:
    """What is left of a session from a moment on. wanted: the items met in it but disliked ones, rising."""

    session: int
    wanted: Positions


class Visits:
    """Finds visits in a data set's sessions, as recorded or by `recsys.data.sessions`."""

    def __init__(self, dataset: Dataset) -> None:
        self._by_user = dataset.by_user
        self._sessions = dataset.sessions[np.argsort(dataset.events.user, kind="stable")]  # the order of by_user

    def at(self, user: int, timestamp_s: int) -> Visit | None:
        """The session of the user's first event at or after a time, from there on; None without such an event."""
        low, high = self._by_user.offsets[user : user + 2].tolist()
        low += int(np.searchsorted(self._by_user.events.timestamp_s[low:high], timestamp_s))
        if low == high:
            return None
        session = int(self._sessions[low])
        rows = low + np.flatnonzero(self._sessions[low:high] == session)
        return Visit(session, np.unique(self._by_user.events.take(rows).wanted))
