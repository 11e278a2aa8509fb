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
        return (self.head > self.base) is MORE_IS_WORSE.get(self.counter, True)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"is_worse": self.is_worse}


@dataclass(frozen=True)
class CountedSide:
    """counters: where all processes that served the same counted the same.

    unsteady: (arm, load, counter) that they counted otherwise.
    """

    counters: SharedCounters
    unsteady: frozenset[tuple[str, str, str]]


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


def counter_changes(
    base: SharedCounters, head: SharedCounters, unsteady: frozenset[tuple[str, str, str]]
) -> list[CounterChange]:
    """Every counter that differs over the stretches that both sides served; those that are unsteady say nothing."""
    changes = []
    for arm, loads in head.items():
        for load, blocks in loads.items():
            before = base.get(arm, {}).get(load, {})
            common = sorted(blocks.keys() & before.keys())
            names = dict.fromkeys(name for block in common for name in (*before[block], *blocks[block]))
            for name in names:
                if (arm, load, name) in unsteady:
                    continue
                if any(before[block].get(name, 0) != blocks[block].get(name, 0) for block in common):
                    sums = [sum(_of(side, block, name) for block in common) for side in (before, blocks)]
                    changes.append(CounterChange(arm, load, name, *sums))
    return changes


def _of(blocks: Mapping[str, Counters], block: str, name: str) -> int:
    return blocks[block].get(name, 0)
