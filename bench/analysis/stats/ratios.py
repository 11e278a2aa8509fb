"""Ratios of two arms that served the same slices, and the word that such a ratio's intervals carry.

Order statistics go with every rising function, so the logarithm of a quantile is the quantile of the logarithms: the
ratio of two p-quantiles is the exponential of the difference of the p-quantiles of ln x, interval and all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bench.analysis.stats.hierarchy import Nested
from bench.analysis.stats.paired import exponential, median_difference
from bench.analysis.stats.samples import Interval
from bench.analysis.stats.tails import tail_difference

MINIMUM_EFFECT = 1.05
"""A change that matters: five per cent, in either direction."""


class Change(StrEnum):
    """What a ratio of response times says."""

    SLOWER = "slower"
    FASTER = "faster"
    ALIKE = "alike"
    UNTOLD = "not told apart"


@dataclass(frozen=True, slots=True)
class Ratio:
    """Head / base with its interval over blocks; over_processes: the one that holds where restarts differ, or None."""

    interval: Interval
    over_processes: Interval | None

    @property
    def change(self) -> Change:
        """The word that both intervals carry."""
        bounds = [self.interval, *([self.over_processes] if self.over_processes else [])]
        return judge(self.interval.point, bounds)


def judge(ratio: float, intervals: Iterable[Interval], effect: float = MINIMUM_EFFECT) -> Change:
    """SLOWER or FASTER: every interval lies beyond 1 and the ratio is at least the effect. ALIKE: all lie within it."""
    bounds = list(intervals)
    low, high = min(bound.low for bound in bounds), max(bound.high for bound in bounds)
    if low > 1 and ratio >= effect:
        return Change.SLOWER
    if high < 1 and ratio <= 1 / effect:
        return Change.FASTER
    return Change.ALIKE if 1 / effect <= low and high <= effect else Change.UNTOLD


def median_ratio(base: Nested, head: Nested) -> Ratio:
    """The ratio of medians, one value a (process, block). Raises what `median_difference` raises."""
    found = median_difference(base, head)
    return Ratio(found.ratio, found.ratio_over_processes)


def tail_ratio(base: Nested, head: Nested, p: float, rng: np.random.Generator) -> Ratio:
    """The ratio of p-quantiles by the hierarchical bootstrap of `tail_difference`, of logarithms.

    Raises what that raises, and ValueError for a response time of 0, which has no logarithm.
    """
    found = tail_difference(_logarithms(base), _logarithms(head), p, rng)
    over_processes = found.difference_over_processes
    return Ratio(exponential(found.difference), exponential(over_processes) if over_processes else None)


def _logarithms(values: Nested) -> Nested:
    """Natural logarithms of all values, +inf for requests without an answer."""
    with np.errstate(divide="ignore"):
        return [[np.log(np.asarray(block, np.float64)) for block in process] for process in values]
