"""What the processes of a gate measured, and the one value that a block makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.quantile import minimum_n, quantile


class Side(StrEnum):
    """Whose code, or whose configuration, a process ran."""

    BASE = "base"
    HEAD = "head"


class Metric(StrEnum):
    """What is compared; lower is better in each. P99 is advice: it never fails a gate."""

    P50 = "p50"
    P90 = "p90"
    CPU = "cpu"
    P99 = "p99"

    @property
    def is_advisory(self) -> bool:
        """Whether it is shown and decides nothing."""
        return self is Metric.P99


SHARES = {Metric.P50: 0.5, Metric.P90: 0.9, Metric.P99: 0.99}


@dataclass(frozen=True)
class ProcessSample:
    """What one process of one side measured at one load point in one block.

    stage: which start of the sides it belongs to, from 0; each numbers its blocks from 0. turn: its place among the
    processes of its side, arm and block, from 0. part: which stretch of the requests it served: later blocks serve the
    same ones again. response_ms: [n], +inf without an answer.
    cpu_s: of all its threads, spinning taken off, None where they are out of reach. control_ms: of a fixed matrix
    product that contains none of our code. steal_share: of all cores' time. counters: exact ones, empty where the load
    does not determine them.
    """

    side: Side
    arm: str
    load: str
    stage: int
    block: int
    turn: int
    part: int
    response_ms: npt.NDArray[np.float64]
    cpu_s: float | None
    control_ms: float
    steal_share: float
    counters: Mapping[str, int]

    def value(self, metric: Metric) -> float | None:
        """The process's own value, +inf where so many requests failed; None where it has too few requests for it.

        p99 takes the number of requests that its interval would take: under it the value is a maximum by another name.
        """
        n = self.response_ms.size
        if n == 0 or (metric is Metric.P99 and n < minimum_n(0.99)):
            return None
        if metric is Metric.CPU:
            value = None if self.cpu_s is None else self.cpu_s / n
        else:
            value = quantile(self.response_ms, SHARES[metric])
        return value if value is not None and value > 0 else None


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A block of a gate: every stage counts its own from 0."""

    stage: int
    number: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where samples are alike: one arm at one load point."""

    arm: str
    load: str


def by_block(samples: Iterable[ProcessSample], side: Side, place: Place) -> dict[Block, list[ProcessSample]]:
    """The processes of one side at one place, by block, in the order of their turns."""
    blocks: dict[Block, list[ProcessSample]] = {}
    for sample in samples:
        if (sample.side, sample.arm, sample.load) == (side, place.arm, place.load):
            blocks.setdefault(Block(sample.stage, sample.block), []).append(sample)
    return {block: sorted(found, key=lambda sample: sample.turn) for block, found in sorted(blocks.items())}


def block_logarithm(processes: Sequence[ProcessSample], metric: Metric) -> float | None:
    """Ln of the geometric mean of the processes' values, +inf where one is infinite; None where one has no value."""
    values = [sample.value(metric) for sample in processes]
    found = [math.log(value) for value in values if value is not None]
    return sum(found) / len(found) if found and len(found) == len(values) else None


def log_ratios(
    base: Mapping[Block, Sequence[ProcessSample]], head: Mapping[Block, Sequence[ProcessSample]], metric: Metric
) -> npt.NDArray[np.float64]:
    """ln(head / base), one value a block that both sides have.

    +inf where head alone failed so many requests that its value is infinite, -inf where base alone did, NaN where both.
    """
    ratios = []
    for block in sorted(base.keys() & head.keys()):
        below, above = block_logarithm(base[block], metric), block_logarithm(head[block], metric)
        if below is not None and above is not None:
            ratios.append(above - below)
    return np.array(ratios)


def places(samples: Iterable[ProcessSample]) -> list[Place]:
    """Every arm and load point, in the order in which they were first measured."""
    return list(dict.fromkeys(Place(sample.arm, sample.load) for sample in samples))
