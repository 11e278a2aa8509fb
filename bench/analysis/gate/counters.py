"""Exact counters: what is counted does not scatter, so one more of it is a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.analysis.gate.samples import ProcessSample, Side

Counters = dict[str, int]
SharedCounters = dict[str, dict[str, dict[str, Counters]]]
"""[arm][load][stretch of the requests, as text][counter]."""
MORE_IS_WORSE = {"cache_hits": False}
"""For every other counter more is worse."""
Where = tuple[str, str, str]
"""Arm, load and counter."""


@dataclass(frozen=True, slots=True)
class CounterChange:
    """One counter that is another one now. base, head: summed over the stretches that both served."""

    arm: str
    load: str
    counter: str
    base: int
    head: int

    @property
    def is_worse(self) -> bool:
        """Whether head does more work."""
        return self.head > self.base if MORE_IS_WORSE.get(self.counter, True) else self.head < self.base

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"is_worse": self.is_worse}


@dataclass(frozen=True)
class CountedSide:
    """counters: as the first process that served a stretch counted. unsteady: those that another counted otherwise."""

    counters: SharedCounters
    unsteady: frozenset[Where]


def counted(samples: Sequence[ProcessSample], side: Side) -> CountedSide:
    """What one side counted, stretch by stretch of the requests."""
    shared: SharedCounters = {}
    unsteady = set()
    for sample in samples:
        if sample.side is not side or not sample.counters:
            continue
        counters = shared.setdefault(sample.arm, {}).setdefault(sample.load, {}).setdefault(str(sample.part), {})
        for name, count in sample.counters.items():
            if counters.setdefault(name, count) != count:
                unsteady.add((sample.arm, sample.load, name))
    return CountedSide(shared, frozenset(unsteady))


def counter_changes(base: CountedSide, head: CountedSide) -> list[CounterChange]:
    """Every counter whose sum differs over the stretches that both sides counted it in.

    One that only one side knows, or that is unsteady on either, says nothing.
    """
    changes = []
    for arm, loads in head.counters.items():
        for load, after in loads.items():
            before = base.counters.get(arm, {}).get(load, {})
            for name, (below, above) in _sums(before, after).items():
                if below != above and (arm, load, name) not in base.unsteady | head.unsteady:
                    changes.append(CounterChange(arm, load, name, below, above))
    return changes


def _sums(before: Mapping[str, Counters], after: Mapping[str, Counters]) -> dict[str, tuple[int, int]]:
    """Each counter summed over the stretches in which both have it."""
    sums: dict[str, tuple[int, int]] = {}
    for part in sorted(before.keys() & after.keys()):
        for name in [name for name in before[part] if name in after[part]]:
            below, above = sums.get(name, (0, 0))
            sums[name] = below + before[part][name], above + after[part][name]
    return sums
