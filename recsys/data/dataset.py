"""A data set: items and time-ordered events, with where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recsys.data.event_log import Behaviour
from recsys.data.fingerprint import content_sha256
from recsys.data.impressions import Impressions
from recsys.data.sessions import sessions_by_gap
from recsys.errors import DataError
from recsys.types import Events, Item


@dataclass(frozen=True)
class Dataset:
    """Items and events that name each other by position.

    user_ids[i] is the name of user i. sha256 covers the content. simulated: the events are made up and prove no
    benefit. warnings: what was mended while reading, with counts. recorded_sessions int32 [events]: equal within a
    session, None where the data names none. texts: row of an event → the user's own words, for the few or many that
    have any. impressions: which items the log showed to whom, None where it does not say. arrays: block → unit rows
    [items, dim], zero where an item has none.
    """

    name: str
    items: tuple[Item, ...]
    user_ids: tuple[str, ...]
    events: Events
    sha256: str
    licence: str = ""
    simulated: bool = False
    warnings: tuple[str, ...] = ()
    recorded_sessions: npt.NDArray[np.int32] | None = None
    texts: Mapping[int, str] = field(default_factory=dict)
    impressions: Impressions | None = None
    arrays: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        items: tuple[Item, ...],
        behaviour: Behaviour,
        impressions: Impressions | None = None,
        *,
        licence: str,
        warnings: tuple[str, ...],
    ) -> Dataset:
        """The data set of what was read, with its hash."""
        user_ids, events, sessions, texts = behaviour.user_ids, behaviour.events, behaviour.sessions, behaviour.texts
        return cls(
            name=name,
            items=items,
            user_ids=user_ids,
            events=events,
            sha256=content_sha256(items, user_ids, events, sessions, texts, impressions),
            licence=licence,
            warnings=warnings,
            recorded_sessions=sessions,
            texts=texts,
            impressions=impressions,
        )

    @cached_property
    def sessions(self) -> npt.NDArray[np.int32]:
        """The session of each event, int32 [events]: as recorded, else a new one after a gap of half an hour."""
        if self.recorded_sessions is not None:
            return self.recorded_sessions
        return sessions_by_gap(self.events)

    def split_s(self, train_share: float) -> int:
        """t0 of the global time split: the time of event ⌊share · n⌋. Training is before it, testing from it on."""
        if not len(self.events):
            raise DataError(f"data {self.name}: no events, so no time split. Next: add interactions")
        return int(self.events.timestamp_s[min(int(train_share * len(self.events)), len(self.events) - 1)])

    @cached_property
    def by_user(self) -> EventsByUser:
        """The events sorted by user, then time."""
        return EventsByUser.of(self.events, len(self.user_ids))


@dataclass(frozen=True)
class EventsByUser:
    """Events grouped by user: those of user u are rows offsets[u] : offsets[u + 1] of `events`, in time order."""

    events: Events
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, events: Events, n_users: int) -> EventsByUser:
        """Group events that are in time order."""
        order = np.argsort(events.user, kind="stable")
        offsets = np.zeros(n_users + 1, np.int64)
        np.cumsum(np.bincount(events.user, minlength=n_users), out=offsets[1:])
        return cls(events.take(order), offsets)

    def before(self, user: int, timestamp_s: int) -> Events:
        """The user's events strictly before a time, oldest first."""
        low, high = self.offsets[user], self.offsets[user + 1]
        cut = low + np.searchsorted(self.events.timestamp_s[low:high], timestamp_s, side="left")
        return self.events.take(slice(low, cut))

    def since(self, user: int, timestamp_s: int) -> Events:
        """The user's events at or after a time, oldest first."""
        low, high = self.offsets[user], self.offsets[user + 1]
        cut = low + np.searchsorted(self.events.timestamp_s[low:high], timestamp_s, side="left")
        return self.events.take(slice(cut, high))
