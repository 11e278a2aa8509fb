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
SATISFIED_DWELL_S = 30.0
"""A page read for so long is usually taken for one that pleased (Fox et al. 2005, TOIS 23(2)); it counts once."""
COUNTS_ONCE = {EventKind.BROWSE: SATISFIED_DWELL_S, EventKind.CLICK: SATISFIED_DWELL_S, EventKind.PURCHASE: 1.0}
"""The amount that leaves the weight of its kind as it is; the other kinds have shares, which need none."""
_ONCE = np.array([COUNTS_ONCE.get(kind, np.nan) for kind in EventKind], np.float32)


class EventWeights(OptionsModel):
    """How much one event says of a user's taste: the weight of its kind · factor(amount).

    browse, click: factor = min(log2(1 + dwell_s / 30), most), so 30 s count once and 90 s twice.
    purchase: factor = min(log2(1 + quantity), most), so one piece counts once and three twice.
    rating, dislike: factor = the mark's share of the best one. An amount that is not known: factor = 1.
    """

    browse: float = Field(0.5, ge=0)
    click: float = Field(1.0, ge=0)
    purchase: float = Field(3.0, ge=0)
    rating: float = Field(1.0, ge=0)
    dislike: float = Field(0.0, ge=0)
    most: float = Field(4.0, ge=1)

    def of_kinds(self) -> npt.NDArray[np.float32]:
        """Weight by EventKind, float32 [kinds]."""
        return np.array([getattr(self, kind.name.lower()) for kind in EventKind], np.float32)

    def factors(self, kinds: npt.NDArray[np.int8], amounts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What the amounts make of these events' weights, float32 [n]."""
        once = _ONCE[kinds]
        grown = np.minimum(np.log2(1 + amounts / once), np.float32(self.most))
        return np.where(np.isnan(amounts), np.float32(1), np.where(np.isnan(once), amounts, grown))


class ProfileOptions(OptionsModel):
    """history: newest events that count. half_life_days: age at which an event counts half; 0 = age does not matter."""

    history: int = Field(50, ge=1)
    half_life_days: float = Field(0.0, ge=0)
    event_weights: EventWeights = EventWeights()


@dataclass(frozen=True, slots=True)
class History:
    """A user's events as far as they are known, oldest first; seen: every item among them, sorted, once each.

    amounts: as in `recsys.types.Events`; None = of no event.
    """

    items: Positions
    kinds: npt.NDArray[np.int8]
    timestamps_s: npt.NDArray[np.int64]
    seen: Positions
    amounts: npt.NDArray[np.float32] | None = None

    def where(self, keep: npt.NDArray[np.bool_]) -> History:
        """The events that are kept, bool [events]; what was seen stays seen."""
        amounts = None if self.amounts is None else self.amounts[keep]
        return History(self.items[keep], self.kinds[keep], self.timestamps_s[keep], self.seen, amounts)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user's taste is read from. items int32 [h] oldest first, weights float32 [h] that sum to 1 (or h = 0).

    query: the user's own words, cleaned; where there are any, they are the user's text in place of the items.
    """

    items: Positions
    weights: npt.NDArray[np.float32]
    seen: Positions
    query: str = ""


class ProfileStore:
    """What is known of every user at one moment: the events of the data before it, and the feedback since."""

    def __init__(self, by_user: EventsByUser, options: ProfileOptions) -> None:
        self._by_user = by_user
        self._options = options
        self._weight_of_kind = options.event_weights.of_kinds()
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
        items, kinds, timestamps_s, amounts = known.item, known.kind, known.timestamp_s, known.amount
        if user in self._feedback:
            news = np.array(self._feedback[user], np.int64)
            items = np.concatenate([items, news[:, 0].astype(np.int32)])
            kinds = np.concatenate([kinds, news[:, 1].astype(np.int8)])
            timestamps_s = np.concatenate([timestamps_s, news[:, 2]])
            if amounts is not None:
                amounts = np.concatenate([amounts, np.full(len(news), np.nan, np.float32)])
        return History(items, kinds, timestamps_s, np.unique(items), amounts)

    def profile(self, history: History, now_s: int, query: str = "") -> Profile:
        """The newest events with weight(kind) · factor(amount) · 2^(−age / half-life), scaled to sum 1, and the words.

        The factor is that of `EventWeights`. query: the user's own words.
        """
        recent = slice(-self._options.history, None)
        weights = self._weight_of_kind[history.kinds[recent]]
        if history.amounts is not None:
            weights = weights * self._options.event_weights.factors(history.kinds[recent], history.amounts[recent])
        if self._options.half_life_days:
            age_days = np.maximum(now_s - history.timestamps_s[recent], 0) / DAY_S
            age_days -= age_days.min(initial=np.inf)  # drops out of the sum 1, and keeps old profiles from fading to 0
            weights = weights * np.exp2(-age_days / self._options.half_life_days).astype(np.float32)
        total = weights.sum()
        if total > 0:
            weights = weights / total
        return Profile(history.items[recent], weights, history.seen, query)
