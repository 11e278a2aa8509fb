"""What is said of a plan: first how far the simulation was off where it was checked, then what it asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.analysis.capacity.probe_result import finite_or_word
from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.bill import Means
from bench.analysis.plan.breaks import GB, Break, in_order
from bench.analysis.plan.fleet import Fleet
from bench.analysis.plan.held_out import CLAIMED_BELOW, TRUSTED_ERROR, HeldOutPoint, largest_error
from bench.analysis.plan.prediction import NS_PER_MS, Predicted
from bench.analysis.plan.search_cost import SearchCost
from bench.quantities import count, quantity

HOW = (
    "A queue simulation fed with measured service times by batch size. Each replica has a queue of its own and serves "
    "its share of the users: the scenario's arrivals fall to it by chance, which smooths bursts, and its cache keeps "
    "the measured hit share; every replica applies all new and changed items. Replicas are taken to have what the "
    "measured one had.",
    "The error is that of held-out points: measured, and not fed to the simulation, which is given their schedule. "
    "What lies beyond the rates and sizes that were measured is extrapolated.",
)

SAME_RATE = 1.05
"""A replica's rate up to so many times the highest measured one is checked: simulated capacities differ by as much."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is planned for. items: of the catalogue, known: those of the measured one."""

    rate_per_s: float
    slo: Slo
    items: int
    known_items: int


@dataclass(frozen=True, slots=True)
class BatchChoice:
    """A longest batch, and the capacity of one replica with it. is_own: as the scenario has it."""

    max_requests: int
    capacity_per_s: float
    is_own: bool


@dataclass(frozen=True, slots=True)
class ItemsPoint:
    """A size of catalogue: what one replica still does, how many it takes, and the bytes of the index of each."""

    n_items: float
    capacity_per_s: float
    replicas: int | None
    index_bytes: float | None


@dataclass(frozen=True)
class ArmPlan:
    """One arm. fleet: with the batches chosen, at the items asked for. alone_ms: the percentile where nobody waits.

    curve: (rate, prediction) of one replica as it was measured; by_rate: (rate, replicas); search None: not measured.
    cache_mb: of one replica's cache, None without one. notes: on how it was measured.
    """

    name: str
    label: str
    role: str
    fleet: Fleet
    checks: tuple[HeldOutPoint, ...]
    batches: tuple[BatchChoice, ...]
    curve: tuple[tuple[float, Predicted], ...]
    by_rate: tuple[tuple[float, int | None], ...]
    by_items: tuple[ItemsPoint, ...]
    replicas: int | None
    alone_ms: float
    means: Means
    search: SearchCost | None
    cache_mb: float | None
    notes: tuple[str, ...] = ()

    @property
    def batch(self) -> BatchChoice:
        """The batches that the plan uses."""
        return next(each for each in self.batches if each.max_requests == self.fleet.replica.limits.max_requests)

    @property
    def measured_up_to_per_s(self) -> float:
        """The highest rate at which one replica was measured."""
        return max(point.rate_per_s for point in self.checks)

    def unchecked(self, asked: Question) -> tuple[str, ...]:
        """What of a replica as it is planned differs from the one that the held-out points are of."""
        own = next(each.max_requests for each in self.batches if each.is_own)
        found = []
        if not any(math.isclose(point.share, self.fleet.share) for point in self.checks):
            shares = _shares(self.checks)
            found.append(f"planned at {self.fleet.share:g} of the capacity, checked at {shares}")
        if self.batch.max_requests != own:
            found.append(f"batches of at most {self.batch.max_requests}, checked with {own}")
        if self.search is not None and asked.items != asked.known_items:
            found.append(f"{count(asked.items)} items, checked with {count(asked.known_items)}")
        each_per_s = self.fleet.share_of(self.replicas, asked.rate_per_s)[1] if self.replicas else 0.0
        if each_per_s > SAME_RATE * self.measured_up_to_per_s:
            highest = quantity(self.measured_up_to_per_s, "/s")
            found.append(f"{quantity(each_per_s, '/s')} to each replica, checked up to {highest}")
        return tuple(found)

    @property
    def why_none(self) -> str:
        """Why no number of replicas suffices, where none does."""
        if self.fleet.capacity_per_s and self.fleet.replica.mix.ingest:
            return "each would have to apply all new items, and has no time left"
        if self.fleet.capacity_per_s:
            return "no share of these arrivals keeps the limit"
        slo, alone_ns = self.fleet.slo, self.fleet.replica.service.alone_ns(self.fleet.slo.p)
        return f"even where nothing waits {slo.name} is {quantity(alone_ns / NS_PER_MS, 'ms')}"

    def index_bytes(self, n_items: float) -> float | None:
        """Of one replica."""
        return None if self.search is None else self.search.memory_bytes(n_items)

    def breaks(self, asked: Question) -> tuple[Break, ...]:
        """Bounds, the first to give way first."""
        found = []
        if self.fleet.capacity_per_s:
            found.append(self._machine(asked))
        found.append(
            Break("New items", self.fleet.ingest_bound_per_s, asked.rate_per_s, "/s",
                  "every replica applies all of them, and they alone take its time; more replicas do not help")
        )  # fmt: skip
        if self.search is not None:
            found += [self._memory(self.search, asked), self._search(self.search, asked)]
        return in_order(found)

    def _machine(self, asked: Question) -> Break:
        """One replica's capacity is what one process on the measured machine does."""
        at = self.fleet.share * self.fleet.capacity_per_s
        why = f"one replica is full ({self.means.cores} of the cores); from here on their number grows with the rate"
        return Break("Computing", at, asked.rate_per_s, "/s", why)

    def _memory(self, search: SearchCost, asked: Question) -> Break:
        """The index must fit beside what else the process holds."""
        held = search.memory_bytes(asked.known_items)
        room = self.means.ram_bytes - max(0.0, (self.means.rss_bytes or 0.0) - held)
        at = room / search.bytes_per_item if search.bytes_per_item else math.inf
        why = f"the index fills the {self.means.ram_bytes / GB:.0f} GB of the measured machine; cut it over machines"
        return Break("Index memory", at, asked.items, "items", why)

    def _search(self, search: SearchCost, asked: Question) -> Break:
        room_ns = max(0.0, asked.slo.limit_ms - self.alone_ms) * NS_PER_MS
        at = search.items_for(room_ns, asked.known_items)
        why = f"a search of the {search.kind} index ({search.law} in items) alone takes the limit"
        return Break("Search time", at, asked.items, "items", why)

    def as_json(self, asked: Question) -> dict[str, Any]:
        """Plain values."""
        replica, rate = self.fleet.replica, asked.rate_per_s
        return {
            "arm": self.name,
            "label": self.label,
            "held_out": [point.as_json() for point in self.checks],
            "replica_capacity_per_s": self.fleet.capacity_per_s,
            "planned_share": self.fleet.share,
            "replicas": self.replicas,
            "extrapolated": bool(self.unchecked(asked)),
            "unchecked": list(self.unchecked(asked)),
            "cores": None if self.replicas is None else self.replicas * self.means.cores,
            "batches": [asdict(each) for each in self.batches],
            "batch_max_requests": replica.limits.max_requests,
            "measured_batch_sizes": list(replica.service.measured),
            "hit_share": replica.service.hit_share if replica.service.counts_hits else None,
            "cache_mb_per_replica": self.cache_mb,
            "index_bytes_per_replica": self.index_bytes(asked.items),
            "search": None if self.search is None else self.search.as_json(),
            "cost_per_hour": self.means.per_hour(self.replicas),
            "cost_per_million": self.means.per_million(self.replicas, rate),
            "joules_per_request": self.means.joules,
            "watts": self.means.watts(rate),
            "breaks": [asdict(each) | {"sentence": each.sentence} for each in self.breaks(asked)],
            "curve": [{"rate_per_s": at, "tail_ms": told.tail_ms.point, "p50_ms": told.p50_ms.point}
                      for at, told in self.curve],
            "by_rate": [{"rate_per_s": at, "replicas": n, "extrapolated": at > self.measured_up_to_per_s}
                        for at, n in self.by_rate],
            "by_items": [asdict(point) | {"extrapolated": self._beyond(point.n_items)} for point in self.by_items],
            "notes": list(self.notes),
        }  # fmt: skip

    def _beyond(self, n_items: float) -> bool:
        return self.search is None or n_items > self.search.items[1]


@dataclass(frozen=True)
class Plan:
    """A plan of all arms that were measured. absent: (label, why) of the others."""

    scenario: str
    asked: Question
    arms: tuple[ArmPlan, ...]
    absent: tuple[tuple[str, str], ...] = ()

    @property
    def error_sentence(self) -> str:
        """How far the simulation was off."""
        points = [point for arm in self.arms for point in arm.checks]
        below = [point for point in points if point.share < CLAIMED_BELOW]
        near = [point for point in points if point.share >= CLAIMED_BELOW]
        middle = median(abs(point.error) for point in below)
        said = (
            f"Prediction error of {self.asked.slo.name} at {len(below)} held-out points ({_shares(below)} of a "
            f"replica's capacity): {_at_most(below)}, {quantity(100 * middle, '%')} in the middle"
        )
        said += f"; at {_shares(near)}, where replicas are planned, {_at_most(near)}" if near else ""
        off = sum(point.is_off for point in points)
        if not off:
            return f"{said}."
        return (
            f"{said}. At {off} of them it is over {100 * TRUSTED_ERROR:.0f} %: take the plan as an order of magnitude, "
            "and see `llm-rec-bench doctor`."
        )

    @property
    def sentence(self) -> str:
        """What the asked rate takes, arm by arm."""
        asked = (
            f"{quantity(self.asked.rate_per_s, '/s')} with {self.asked.slo.text} and {count(self.asked.items)} items"
        )
        return f"{asked}: {'; '.join(self._needs(arm) for arm in self.arms)}."

    def _needs(self, arm: ArmPlan) -> str:
        if arm.replicas is None:
            return f"{arm.label} in no number of replicas ({arm.why_none})"
        plural = "replica" if arm.replicas == 1 else "replicas"
        cores = f"{count(arm.replicas * arm.means.cores)} cores"
        marked = f"{cores}, extrapolated" if arm.unchecked(self.asked) else cores
        return f"{arm.label} {count(arm.replicas)} {plural} ({marked})"

    def as_json(self) -> dict[str, Any]:
        """Everything for machines; infinite values as words."""
        content = {
            "error_sentence": self.error_sentence,
            "sentence": self.sentence,
            "largest_error": largest_error([point for arm in self.arms for point in arm.checks]),
            "rate_per_s": self.asked.rate_per_s,
            "slo": {"percentile": self.asked.slo.name, "limit_ms": self.asked.slo.limit_ms},
            "items": self.asked.items,
            "measured_items": self.asked.known_items,
            "how": list(HOW),
            "arms": [arm.as_json(self.asked) for arm in self.arms],
            "absent": [{"label": label, "reason": reason} for label, reason in self.absent],
        }
        plain: dict[str, Any] = _plain(content)
        return plain


def _shares(points: Sequence[HeldOutPoint]) -> str:
    return ", ".join(f"{share:g}" for share in sorted({round(point.share, 2) for point in points}))


def _at_most(points: Sequence[HeldOutPoint]) -> str:
    return f"{quantity(100 * largest_error(points), '%')} at most"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return finite_or_word(value)
