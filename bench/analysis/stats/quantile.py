"""Percentiles with exact intervals: order statistics of the raw values, ranks from the binomial distribution."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import Interval, TooFewSamples, as_samples, require_share


def quantile_rank(n: int, p: float) -> int:
    """Return ⌈np⌉, the 1-based rank of the p-quantile among n sorted values.

    p is taken as the decimal number it is written as, so that 0.07 of 100 is rank 7 and not 8.
    """
    require_share("p", p)
    if n < 1:
        raise TooFewSamples(f"p{100 * p:g}", n, 1)
    return math.ceil(n * Fraction(repr(float(p))))


def quantile(values: npt.ArrayLike, p: float) -> float:
    """Return the exact order statistic x(⌈np⌉): a value that was measured, never an interpolated one.

    Raises TooFewSamples for an empty sample. A single percentile for people goes through `percentile_interval`.
    """
    samples = as_samples(values)
    rank = quantile_rank(samples.size, p)
    return float(np.partition(samples, rank - 1)[rank - 1])


def minimum_n(p: float, level: float = 0.95) -> int:
    """Return the smallest n at which both bounds of the rank interval exist: 36, 72, 368, 3688 at p90 … p99.9.

    The highest value bounds the p-quantile from above unless all n lie under it, probability p^n; the lowest bounds it
    from below unless all lie over it, (1-p)^n. Each may miss with (1 - level) / 2 at most, so n ≥ ln((1 - level) / 2) /
    ln(max(p, 1-p)) (David & Nagaraja, Order Statistics, 3rd ed., §7.1).
    """
    require_share("p", p)
    require_share("level", level)
    return math.ceil(math.log((1.0 - level) / 2.0) / math.log(max(p, 1.0 - p)))


def rank_interval(n: int, p: float, level: float = 0.95) -> tuple[int, int]:
    """Return the 1-based ranks (low, high) whose values enclose the p-quantile with at least `level`.

    With K ~ Bin(n, p) values at or under the quantile, x(low) lies over it when K < low and x(high) under it when
    K ≥ high; each tail gets (1 - level) / 2 (David & Nagaraja, §7.1). Distribution-free and exact, so it covers a
    little more than `level`. Low is 0 and high is n + 1 where that bound does not exist.
    """
    require_share("p", p)
    require_share("level", level)
    tail = (1.0 - level) / 2.0
    low = int(stats.binom.ppf(tail, n, p))
    high = int(stats.binom.ppf(1.0 - tail, n, p)) + 1
    return low, high


def percentile_interval(
    values: npt.ArrayLike, p: float, *, effective_n: float | None = None, level: float = 0.95
) -> Interval:
    """Return the p-quantile of the values with its rank interval, as wide as `effective_n` independent values give.

    values: [n], any unit, +inf for failed requests. effective_n (default n; see `dependence.effective_sample_size`) is
    rounded down and cut to 1 … n. The ranks for m = effective_n values stand at the expected levels k / (m + 1), and
    the values are read at the rank of the n values with that level, rounded outwards; at m = n nothing changes.
    A bound that m values do not have is inf above and -inf below, never the largest or smallest value seen.
    Raises TooFewSamples where n itself is under `minimum_n`.
    """
    samples = as_samples(values)
    n = int(samples.size)
    floor = minimum_n(p, level)
    if n < floor:
        raise TooFewSamples(f"p{100 * p:g} with a {100 * level:g} % interval", n, floor)
    m = n if effective_n is None else max(1, min(n, math.floor(effective_n)))
    low, high = rank_interval(m, p, level)
    places = [low * (n + 1) // (m + 1) - 1, quantile_rank(n, p) - 1, -(-high * (n + 1) // (m + 1)) - 1]
    inside = [min(max(place, 0), n - 1) for place in places]
    at_low, point, at_high = np.partition(samples, inside)[inside]
    return Interval(
        low=float(at_low) if low >= 1 else -math.inf,
        point=float(point),
        high=float(at_high) if high <= m else math.inf,
    )
