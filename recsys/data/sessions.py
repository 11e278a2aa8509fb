"""Visits: events of one user that follow each other closely."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.types import Events

SESSION_BREAK_S = 1800
"""A user who does nothing for longer comes back for another visit: the usual half hour of web analytics."""


def sessions_by_gap(events: Events) -> npt.NDArray[np.int32]:
    """A number for each event, int32 [n], equal within a session of one user. events: in time order."""
    order = np.argsort(events.user, kind="stable")
    user, time_s = events.user[order], events.timestamp_s[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (user[1:] != user[:-1]) | (np.diff(time_s) > SESSION_BREAK_S)
    sessions = np.empty(len(order), np.int32)
    sessions[order] = np.cumsum(starts) - 1
    return sessions
