"""Simulated users: who clicks what and when, from hidden tastes over attributes, never over words.

A user likes some topics, domains, tones and levels more than others; an item draws attention by a hidden rank, more
while it is fresh and while it trends. The chance of a choice is the product of both. So a text model can help only as
far as it sees an item's attributes in its words, and popularity can help only as far as attention is shared.

Calibration. "Measured" figures are those of published logs, read off as quantiles: sessions, gaps and repeats from a
shop's click log (YooChoose), histories from a news log (MIND), popularity and the hour of the day from both. They are
drawn here from quantile tables by linear interpolation. Tests hold the simulated events to all of them.

| what | figure | source |
|---|---|---|
| events in a user's history at 80 % | p5 2, p25 7, p50 18, p75 40, p95 111, p99 201; 2 % empty | measured, MIND |
| clicks in a session of five or more | median 7, p95 17 | measured, YooChoose |
| shorter sessions | 57 % of all: 20, 15, 12 and 10 % with 1 to 4 clicks | assumed: the log has none |
| seconds between events of a session | p10 9.5, p50 55, p90 282, p99 1,648 | measured, YooChoose |
| clicks on an item clicked before in the session | 26 % | measured, YooChoose |
| peak hour | 2.0 x the mean, 16 x the quietest | measured, both |
| events on the top 10 % of items | 40 %, as of a Zipf law with s = 0.65 | measured: s 0.5 to 0.9, 42 to 66 % |
| events on the top 1 % of items | 12 % | measured: 8 to 16 % |
| kinds of events | 22 % browse, 73 % click, 5 % purchase | assumed |
| strength of tastes, trends, freshness and drift | the constants below | assumed: see the next paragraph |

Strengths are set so that text helps and does not suffice, and popularity is a floor to be reckoned with. recall@10
over the eligible users with the default options: random 0.02, TF-IDF 0.04, MiniLM 0.07, popularity 0.08, and 0.2 for a
recommender that is told the attributes of the items.

The days of the week are alike. Every draw comes from `Generator.random` and plain arithmetic, so that a seed
gives the same events whatever the machine and the versions of libraries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.types import EventKind, Events

Floats = npt.NDArray[np.float64]
Quantiles = tuple[tuple[float, ...], tuple[float, ...]]
"""Probabilities and the values that belong to them, both rising."""

HISTORY_EVENTS: Quantiles = ((0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0), (1, 2, 7, 18, 40, 111, 201, 260))
SESSION_CLICKS: Quantiles = ((0.0, 0.2, 0.35, 0.47, 0.57, 0.785, 0.9785, 1.0), (1, 2, 3, 4, 5, 7.6, 18, 30))
GAP_S: Quantiles = ((0.0, 0.1, 0.5, 0.9, 0.99, 1.0), (2, 9.5, 55, 282, 1648, 1799))
HOUR_WEIGHTS = (20, 12, 8, 6, 6, 8, 16, 30, 50, 60, 60, 62, 64, 62, 60, 60, 64, 74, 88, 92, 100, 86, 70, 42)
BY_HOUR = np.cumsum(HOUR_WEIGHTS, dtype=np.float64)
SESSION_BREAK_S = 1800
DAY_S = 86_400

LATER_PER_TRAINING = 0.25
"""Events after training per event in it: the usual split at 80 %."""
COLD_USERS, COLD_FROM = 0.02, 0.85
"""Share of users who come only late in the period, and so have no history when training ends; from which share on."""
FIRST_VISIT_BEFORE = 0.75
"""Share of the period in which all other users come for the first time."""
REVISIT = 0.18
"""Chance that a click after the first goes to an item clicked before in its session."""
BROWSE_PER_CLICK = 0.30
PURCHASE_PER_CLICK = 0.07
EXPLORE_CLICK, EXPLORE_BROWSE = 0.05, 0.2
"""Chance that a choice follows attention alone, whatever the user likes."""

ATTENTION_ZIPF_S = 0.85
"""Steeper than what comes out, since tastes spread users over the catalogue."""
TREND_HEIGHT, TREND_HALF_WIDTH_DAYS = 4.0, 15.0
"""At the peak of its trend an item draws 1 + height times its usual attention; the trend rises and falls linearly."""
FRESH_HALF_DAYS = 365.0
"""Age at which an item draws half the attention of a new one."""
KNOWN_ITEM = 0.3
"""What is left of an item's weight once the user has met it in an earlier session."""
TASTE_FLOORS = {"topic": 0.002, "domain": 2.0, "tone": 0.01, "level": 0.02}
"""Weight of what a user does not care for, beside the liked values' weights, which sum to 1. Larger = weaker taste."""
DRIFT_PER_SESSION = 0.03
"""Chance that a session begins with a change of taste."""


@dataclass(frozen=True)
class ItemTraits:
    """What tastes are about. codes: trait ("topic") → code of its value, int [n_items], from 0; age_days [n_items]."""

    codes: dict[str, npt.NDArray[np.int64]]
    age_days: Floats

    def __len__(self) -> int:
        return len(self.age_days)


@dataclass(frozen=True)
class Period:
    """When users are active: so many days from a midnight (UTC) on."""

    start_s: int
    days: int


def simulate_events(traits: ItemTraits, period: Period, *, n_users: int, seed: int) -> Events:
    """The events of all users, in time order. age_days of the traits counts from the start of the period."""
    random = np.random.Generator(np.random.PCG64(seed))
    attention = _Attention.draw(random, traits, period.days)
    rows: list[tuple[int, int, int, int]] = []
    for user in range(n_users):
        visitor = _Visitor(random, traits, attention)
        rows.extend((time_s, user, item, kind) for time_s, item, kind in visitor.events(period))
    table = np.array(rows, np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Events(table[:, 0], table[:, 1].astype(np.int32), table[:, 2].astype(np.int32), table[:, 3].astype(np.int8))


@dataclass(frozen=True)
class _Attention:
    """How much notice items get from everybody. base: hidden rank and freshness; peak_day: when an item trends."""

    base: Floats
    peak_day: Floats

    @classmethod
    def draw(cls, random: np.random.Generator, traits: ItemTraits, days: int) -> _Attention:
        ranks = np.argsort(random.random(len(traits)), kind="stable")
        # Rounded, so that the last bit of a power, which differs between machines, never decides a draw.
        weights = np.array([round(1e6 * (int(rank) + 1) ** -ATTENTION_ZIPF_S) for rank in ranks], np.float64)
        fresh = FRESH_HALF_DAYS / (FRESH_HALF_DAYS + traits.age_days)
        return cls(weights * fresh, random.random(len(traits)) * days)

    def on(self, day: float) -> Floats:
        """Weights of all items on a day of the period."""
        closeness = 1 - np.abs(self.peak_day - day) / TREND_HALF_WIDTH_DAYS
        return self.base * (1 + TREND_HEIGHT * np.maximum(closeness, 0))


class _Visitor:
    """One user: tastes, and what they make of them."""

    def __init__(self, random: np.random.Generator, traits: ItemTraits, attention: _Attention) -> None:
        self._random = random
        self._traits = traits
        self._attention = attention
        self._known = np.ones(len(traits))
        self._liking = {
            trait: TASTE_FLOORS[trait] + _stick_breaking(random, int(codes.max()) + 1)
            for trait, codes in traits.codes.items()
        }

    def events(self, period: Period) -> Iterator[tuple[int, int, EventKind]]:
        """Time, item and kind of every event, in time order."""
        cold = self._random.random() < COLD_USERS
        active_days = (COLD_FROM * period.days, period.days) if cold else (0.0, period.days)
        per_training_event = LATER_PER_TRAINING if cold else 1 + LATER_PER_TRAINING
        sessions = self._session_lengths(round(_draw(self._random, HISTORY_EVENTS) * per_training_event))
        starts = sorted(self._start_s(*active_days) for _ in sessions)
        if not cold:
            starts[0] = min(starts[0], self._start_s(0.0, FIRST_VISIT_BEFORE * period.days))
        now_s = 0
        for start_s, clicks in zip(starts, sessions, strict=True):
            now_s = max(start_s, now_s + SESSION_BREAK_S)
            for item, kind in self._session(now_s / DAY_S, clicks):
                yield period.start_s + now_s, item, kind
                now_s += int(_draw(self._random, GAP_S))

    def _session_lengths(self, budget: int) -> list[int]:
        """Clicks of each session; together about as many events as the budget."""
        clicks_left = max(1, round(budget / (1 + BROWSE_PER_CLICK + PURCHASE_PER_CLICK)))
        lengths = []
        while clicks_left > 0:
            lengths.append(min(int(_draw(self._random, SESSION_CLICKS)), clicks_left))
            clicks_left -= lengths[-1]
        return lengths

    def _start_s(self, first_day: float, end_day: float) -> int:
        """A second of these days: any day alike, the hours by their weights."""
        day = int(first_day + self._random.random() * (end_day - first_day))
        hour = _choose(self._random, BY_HOUR)
        return day * DAY_S + hour * 3600 + int(self._random.random() * 3600)

    def _session(self, day: float, clicks: int) -> Iterator[tuple[int, EventKind]]:
        """Item and kind of each event of one session."""
        self._drift()
        noticed = self._attention.on(day) * self._known
        wanted = noticed.copy()
        for trait, codes in self._traits.codes.items():
            wanted *= self._liking[trait][codes]
        by_attention, by_taste = np.cumsum(noticed), np.cumsum(wanted)
        clicked: list[int] = []
        met = set()
        for _ in range(clicks):
            if self._random.random() < BROWSE_PER_CLICK:
                met.add(seen := self._pick(by_taste, by_attention, EXPLORE_BROWSE))
                yield seen, EventKind.BROWSE
            if clicked and self._random.random() < REVISIT:
                item = clicked[int(self._random.random() * len(clicked))]
            else:
                item = self._pick(by_taste, by_attention, EXPLORE_CLICK)
            clicked.append(item)
            yield item, EventKind.CLICK
            if self._random.random() < PURCHASE_PER_CLICK:
                yield item, EventKind.PURCHASE
        self._known[list(met.union(clicked))] = KNOWN_ITEM

    def _pick(self, by_taste: Floats, by_attention: Floats, explore: float) -> int:
        return _choose(self._random, by_attention if self._random.random() < explore else by_taste)

    def _drift(self) -> None:
        """Now and then two topics, one of them the favourite, change places in the user's liking."""
        if self._random.random() < DRIFT_PER_SESSION:
            liking = self._liking["topic"]
            favourite, other = int(np.argmax(liking)), int(self._random.random() * len(liking))
            liking[[favourite, other]] = liking[[other, favourite]]


def _draw(random: np.random.Generator, quantiles: Quantiles) -> float:
    """The quantile of a probability drawn evenly, as np.interp has it, which takes ten times as long for one."""
    probabilities, values = quantiles
    drawn = random.random()
    place = bisect_right(probabilities, drawn) - 1
    slope = (values[place + 1] - values[place]) / (probabilities[place + 1] - probabilities[place])
    return slope * (drawn - probabilities[place]) + values[place]


def _choose(random: np.random.Generator, cumulative: Floats) -> int:
    """An index with chance proportional to its weight; cumulative: running sums of the weights."""
    return int(cumulative.searchsorted(random.random() * cumulative[-1], side="right"))


def _stick_breaking(random: np.random.Generator, n: int) -> Floats:
    """Weights [n] that sum to 1: breaks of a stick at uniform places (Dirichlet-like, few large), in a random order."""
    weights, rest = np.zeros(n), 1.0
    for place in range(n - 1):
        weights[place] = rest * random.random()
        rest -= weights[place]
    weights[n - 1] = rest
    return weights[np.argsort(random.random(n), kind="stable")]
