"""What two equal arms of one run show: the noise of the machine by level, and the smallest difference it resolves."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.stats.hierarchy import Nested, flat_blocks
from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.resolution import Design, Spread, detectable_ratio, median_spread, resolvable_ratio
from bench.analysis.stats.samples import Interval, TooFewSamples
from bench.analysis.stats.tails import tail_difference
from bench.quantities import difference, interval, quantity

SEED = 11
OTHER_PROCESSES = (2, 3, 4, 6, 10, 20)


@dataclass(frozen=True, slots=True)
class EqualPercentile:
    """One percentile of both arms. base_ms: the first arm's; ratio: second / first.

    resolvable_ratio: the smallest measured ratio that such a measurement tells from 1.
    """

    base_ms: float
    ratio: Interval
    resolvable_ratio: float

    @property
    def resolvable_ms(self) -> float:
        """The same as a difference."""
        return (self.resolvable_ratio - 1) * self.base_ms

    @property
    def differs(self) -> bool:
        """Whether the arms are told apart, which equal ones are once in twenty times."""
        return not self.ratio.contains(1.0)

    def limit(self, name: str) -> str:
        """For people: what differences of this percentile are not resolvable."""
        if math.isinf(self.resolvable_ratio):
            return f"any difference of {name}, which so few independent requests do not bound"
        share, difference_ms = quantity(100 * (self.resolvable_ratio - 1), "%"), quantity(self.resolvable_ms, "ms")
        return f"a difference of {name} under {share} ({difference_ms})"

    def as_json(self) -> dict[str, Any]:
        """Plain values; a bound that does not exist is the string "inf", a ratio that is bounded by nothing 0."""
        values = {
            "base_ms": self.base_ms,
            "ratio": self.ratio.point,
            "ratio_low": self.ratio.low,
            "ratio_high": self.ratio.high,
            "resolvable_ratio": self.resolvable_ratio,
            "resolvable_ms": self.resolvable_ms,
        }
        return {name: _finite(value) for name, value in values.items()} | {"differs": self.differs}


@dataclass(frozen=True, slots=True)
class EqualArms:
    """Two equal arms at one load point. arm: what both are; requests: counted of each; spread: of p50's ratio.

    offered_per_s: None where the load has no rate. p99: None where too few requests owe it.
    """

    arm: str
    load: str
    offered_per_s: float | None
    design: Design
    requests: int
    spread: Spread
    p50: EqualPercentile
    p99: EqualPercentile | None

    @property
    def detectable_ratio(self) -> float:
        """The smallest true ratio of p50 that four of five such measurements tell from 1."""
        return detectable_ratio(self.spread, self.design)

    def resolvable_with(self, processes: int) -> float:
        """p50's resolvable ratio with so many processes, each with as many blocks as here."""
        blocks = round(processes * self.design.blocks / self.design.processes)
        return resolvable_ratio(self.spread, Design(processes, blocks))

    @property
    def sentence(self) -> str:
        """For people: what the arms showed, and what is not resolvable here."""
        design = f"{self.design.processes} processes, {self.design.blocks} blocks, {self.requests:,} requests an arm"
        shown = [("p50", self.p50), *([("p99", self.p99)] if self.p99 else [])]
        differing = " and ".join(f"{percent(one.ratio)} at {name}" for name, one in shown)
        limits = "; ".join(one.limit(name) for name, one in shown)
        told = [name for name, one in shown if one.differs]
        warning = (
            f" At {' and '.join(told)} they are told apart, which equal arms are once in twenty times: measure again, "
            "and where it stays, trust no comparison made here."
            if told
            else ""
        )
        return f"Two equal arms ({self.arm}; {design}) differ by {differing}. Not resolvable here: {limits}.{warning}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the resolvable ratio of p50 for other numbers of processes."""
        return {
            "arm": self.arm,
            "load": self.load,
            "offered_per_s": self.offered_per_s,
            **asdict(self.design),
            "requests": self.requests,
            "spread": asdict(self.spread),
            "p50": self.p50.as_json(),
            "p99": self.p99.as_json() if self.p99 else None,
            "detectable_ratio": _finite(self.detectable_ratio),
            "resolvable_ratio_by_processes": {
                str(processes): _finite(self.resolvable_with(processes)) for processes in OTHER_PROCESSES
            },
        }


def equal_arms(run: dict[str, Any], requests: pd.DataFrame) -> EqualArms:
    """Compare the two arms of a run at its only load point.

    The ratio of p50 counts processes, not blocks, since restarts are what differs most; that of p99 is the difference
    of the two p99s of ln latency. Raises TooFewSamples with one process, UndefinedDifference where requests failed.
    """
    first, second = [cell for cell in cells(run, requests) if cell.request_kind == "recommend"]
    base, head = first.nested(first.response_ms), second.nested(second.response_ms)
    design = Design(processes=len(base), blocks=len(flat_blocks(base)))
    median = median_difference(base, head)
    if median.ratio_over_processes is None:
        raise TooFewSamples("the spread between processes", design.processes, 2)
    spread = median_spread(base, head, np.random.default_rng(SEED))
    return EqualArms(
        arm=first.arm["label"],
        load=first.load,
        offered_per_s=None if math.isnan(first.offered_per_s) else first.offered_per_s,
        design=design,
        requests=len(first.rows),
        spread=spread,
        p50=EqualPercentile(_pooled(first, 0.5), median.ratio_over_processes, resolvable_ratio(spread, design)),
        p99=_tail(first, base, head),
    )


def percent(ratio: Interval) -> str:
    """A ratio with its bounds as a change: `+0.400 % [−0.810, 1.20]`."""
    low, point, high = (100 * (value - 1) for value in (ratio.low, ratio.point, ratio.high))
    return f"{difference(point)} % {interval(low, high)}"


def _tail(first: Cell, base: Nested, head: Nested) -> EqualPercentile | None:
    """p99 on a logarithmic scale, where a difference is a ratio; a quantile of logarithms is that of the values."""
    try:
        tail = tail_difference(_logarithms(base), _logarithms(head), 0.99, np.random.default_rng(SEED))
    except TooFewSamples:
        return None
    low, point, high = tail.difference.low, tail.difference.point, tail.difference.high
    ratio = Interval(math.exp(low), math.exp(point), math.exp(high))
    return EqualPercentile(_pooled(first, 0.99), ratio, math.exp(max(point - low, high - point)))


def _logarithms(values: Nested) -> Nested:
    return [[np.log(np.asarray(block)) for block in process] for process in values]


def _pooled(cell: Cell, p: float) -> float:
    return quantile(cell.response_ms, p)


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
