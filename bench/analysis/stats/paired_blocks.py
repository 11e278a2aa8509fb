"""The median of one value a block, with an interval that assumes no distribution: what the gate judges by."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.quantile import rank_interval
from bench.analysis.stats.samples import Interval, TooFewSamples, as_finite

LEAST_BLOCKS = 6
"""Under six values no two of them enclose the median with 95 %: the sign test cannot reach 5 % either."""
LEAST_RUNS = 3


def strictest_level(n: int) -> float:
    """The level with which the smallest and the largest of n values enclose the median: all lie on one side of it."""
    return 1.0 - 2.0 ** (1 - n)


def median_of_blocks(values: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the median of independent values [n] between two order statistics, exact: n = 10 gives ranks 2 and 9.

    Values may be infinite: an order statistic asks for no more than an order. The median of an even number lies midway
    between the two in the middle, at 0 where these are -inf and +inf. Raises TooFewSamples under LEAST_BLOCKS, and
    ValueError for NaN and for a level beyond `strictest_level`.
    """
    blocks = np.sort(np.asarray(values, np.float64))
    if np.isnan(blocks).any():
        raise ValueError("a block without a value has no place in an order; leave it out")
    n = int(blocks.size)
    if n < LEAST_BLOCKS:
        raise TooFewSamples("an exact interval of a median over blocks", n, LEAST_BLOCKS)
    if level > strictest_level(n):
        raise ValueError(f"{n} values enclose their median with {strictest_level(n):g} at most, not with {level:g}")
    low, high = rank_interval(n, 0.5, level)
    low, high = max(low, 1), min(high, n)  # at the strictest level itself it is rounded to one place beyond
    below, above = float(blocks[(n - 1) // 2]), float(blocks[n // 2])
    point = 0.0 if below == -above else (below + above) / 2
    return Interval(float(blocks[low - 1]), point, float(blocks[high - 1]))


def difference_from_runs(now: Interval, earlier: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Return what a new run's value differs by from the mean of m earlier runs' values, both measured alike.

    The bounds are the wider ones of two: of the run itself, and of a prediction from the spread of the earlier ones,
    t(m - 1) s √(1 + 1/m) (Hahn & Meeker, Statistical Intervals, §4.8), which holds what differs between runs and not
    between the blocks of one. Raises TooFewSamples under LEAST_RUNS.
    """
    runs = as_finite(earlier)
    m = int(runs.size)
    if m < LEAST_RUNS:
        raise TooFewSamples("the spread between the runs of a baseline", m, LEAST_RUNS)
    mean = float(runs.mean())
    reach = float(stats.t.ppf((1.0 + level) / 2.0, m - 1)) * float(runs.std(ddof=1)) * math.sqrt(1.0 + 1.0 / m)
    point = now.point - mean
    return Interval(min(now.low - mean, point - reach), point, max(now.high - mean, point + reach))
