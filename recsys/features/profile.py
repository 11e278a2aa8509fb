"""Behaviour to profile: a user's recent events, weighted by kind and recency."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.data.dataset import EventsByUser
from recsys.options import OptionsModel
from recsys.types import EventKind, Positions

DAY_S = 86_400


class EventWeights(OptionsModel):
    """How much one event of each kind says of a user's taste."""

    browse: float = Field(0.5, ge=0)
    click: float = Field(1.0, ge=0)
    purchase: float = Field(3.0, ge=0)


class ProfileOptions(OptionsModel):
    """history: newest events that count. half_life_days: age at which an event counts half; 0 = age does not matter."""

    history: int = Field(50, ge=1)
    half_life_days: float = Field(0.0, ge=0)
    event_weights: EventWeights = EventWeights()


@dataclass(frozen=True, slots=True)
class History:
    """A user's events as far as they are known, oldest first; seen: every item among them, sorted, once each."""

    items: Positions
    kinds: npt.NDArray[np.int8]
    timestamps_s: npt.NDArray[np.int64]
    seen: Positions


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user's taste is read from. items int32 [h] oldest first, weights float32 [h] that sum to 1 (or h = 0)."""

    items: Positions
    weights: npt.NDArray[np.float32]
    seen: Positions


class ProfileStore:
    """What is known of every user at one moment: the events of the data before it, and the feedback since."""

    def __init__(self, by_user: EventsByUser, options: ProfileOptions) -> None:
        self._by_user = by_user
        self._options = options
        self._weight_of_kind = np.zeros(len(EventKind), np.float32)
        for kind in EventKind:
            self._weight_of_kind[kind] = getattr(options.event_weights, kind.name.lower())
        self.rewind(0)

    def rewind(self, as_of_s: int) -> None:
        """Know the events of the data strictly before a time, and no feedback."""
        self._as_of_s = as_of_s
        self._feedback: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)

    def record(self, user: int, item: int, kind: EventKind, timestamp_s: int) -> None:
        """Add one event of feedback, in O(1); the user's next profile has it."""
        self._feedback[user].append((item, kind, timestamp_s))

    def history(self, user: int) -> History:
        """All that is known of a user."""
        known = self._by_user.before(user, self._as_of_s)
        items, kinds, timestamps_s = known.item, known.kind, known.timestamp_s
        if user in self._feedback:
            news = np.array(self._feedback[user], np.int64)
            items = np.concatenate([items, news[:, 0].astype(np.int32)])
            kinds = np.concatenate([kinds, news[:, 1].astype(np.int8)])
            timestamps_s = np.concatenate([timestamps_s, news[:, 2]])
        return History(items, kinds, timestamps_s, np.unique(items))

    def profile(self, history: History, now_s: int) -> Profile:
        """The newest events with weight(kind) · 2^(−age / half-life), scaled to sum 1."""
        recent = slice(-self._options.history, None)
        weights = self._weight_of_kind[history.kinds[recent]]
        if self._options.half_life_days:
            age_days = np.maximum(now_s - history.timestamps_s[recent], 0) / DAY_S
            age_days -= age_days.min(initial=np.inf)  # drops out of the sum 1, and keeps old profiles from fading to 0
            weights = weights * np.exp2(-age_days / self._options.half_life_days).astype(np.float32)
        total = weights.sum()
        if total > 0:
            weights = weights / total
        return Profile(history.items[recent], weights, history.seen)
