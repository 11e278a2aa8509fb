"""How often a gate would be wrong here: many gates drawn from what equal processes showed on this machine."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.analysis.gate.limits import Limits
from bench.analysis.gate.rule import GateVerdict, confirmed, judge
from bench.analysis.gate.samples import Block, Metric, Place, ProcessSample, Side, block_logarithm, by_block, places
from bench.analysis.stats.paired_blocks import median_of_blocks

PLANTED = (1.0, 1.05, 1.10, 1.25)


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one arm, load and metric: the share of simulated gates with each verdict, by the ratio planted."""

    place: Place
    metric: Metric
    gates: int
    shares: Mapping[float, Mapping[GateVerdict, float]]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        shares = {
            f"{ratio:g}": {verdict.value: share for verdict, share in of.items()} for ratio, of in self.shares.items()
        }
        return {
            "arm": self.place.arm,
            "load": self.place.load,
            "metric": self.metric.value,
            "gates": self.gates,
            "shares": shares,
        }


@dataclass(frozen=True, slots=True)
class Design:
    """blocks: of the first look; most_blocks: of the second, where the first tells nothing."""

    blocks: int
    most_blocks: int


def simulated_rates(
    samples: Sequence[ProcessSample], limits: Limits, design: Design, gates: int, seed: int
) -> list[Rates]:
    """Rates of p50, p90 and CPU seconds. samples: of an A/A gate, the sides of which are equal.

    A simulated block is a measured one with its processes dealt anew to the sides, as equal processes may be, and the
    planted ratio put on head's; both stages are drawn, and the rule is the gate's own. What differs from start to start
    of a side and not between its processes is not in it: an A/A gate has one start a side and stage.
    """
    rates: list[Rates] = []
    for place in places(samples):
        sides = [by_block(samples, side, place) for side in Side]
        for metric in [metric for metric in Metric if not metric.is_advisory]:
            blocks = _blocks(sides, metric)
            if blocks.shape[0] >= design.blocks:
                rng = np.random.default_rng([seed, len(rates)])
                least = limits.least_ratio(place.arm, metric)
                shares = {ratio: _shares(blocks, ratio, least, design, gates, rng) for ratio in PLANTED}
                rates.append(Rates(place, metric, gates, shares))
    return rates


def _blocks(sides: Sequence[Mapping[Block, Sequence[ProcessSample]]], metric: Metric) -> npt.NDArray[np.float64]:
    """Ln of every process's value, float64 [blocks, 4], of the blocks in which all four have a finite one."""
    rows = []
    for block in sorted(sides[0].keys() & sides[1].keys()):
        processes = [*sides[0][block], *sides[1][block]]
        values = [block_logarithm([process], metric) for process in processes]
        if len(values) == 4 and all(value is not None and math.isfinite(value) for value in values):
            rows.append(values)
    return np.array(rows, np.float64).reshape(-1, 4)


def _shares(
    blocks: npt.NDArray[np.float64], ratio: float, least: float, design: Design, gates: int, rng: np.random.Generator
) -> dict[GateVerdict, float]:
    counts = Counter(_gate(blocks, ratio, least, design, rng) for _ in range(gates))
    return {verdict: counts[verdict] / gates for verdict in GateVerdict}


def _gate(
    blocks: npt.NDArray[np.float64], ratio: float, least: float, design: Design, rng: np.random.Generator
) -> GateVerdict:
    first = _stage(blocks, ratio, least, design, rng)
    return confirmed(first, _stage(blocks, ratio, least, design, rng)) if first.wants_confirmation else first


def _stage(
    blocks: npt.NDArray[np.float64], ratio: float, least: float, design: Design, rng: np.random.Generator
) -> GateVerdict:
    drawn = rng.permuted(blocks[rng.integers(len(blocks), size=design.most_blocks)], axis=1)
    log_ratios = drawn[:, 2:].mean(axis=1) - drawn[:, :2].mean(axis=1) + np.log(ratio)
    verdict = judge(median_of_blocks(log_ratios[: design.blocks]), least)
    if verdict is GateVerdict.INCONCLUSIVE and design.most_blocks > design.blocks:
        verdict = judge(median_of_blocks(log_ratios), least)
    return verdict
