"""A median known from its blocks: each block's is one value, whatever goes on inside the block."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import minimum_n, percentile_interval, quantile
from bench.analysis.stats.samples import Interval, as_sequences

MEDIAN = 0.5
LEAST_BLOCKS = 4
"""With three the interval is 4.3 standard errors wide to each side, and rests on the spread of three values."""


def stated_percentile(sequences: Sequence[npt.ArrayLike], p: float, *, level: float = 0.95) -> Interval:
    """Return the p-quantile of all values with its interval: by rank, and a median's no narrower than by blocks.

    sequences: the blocks in time order, [n_i] each, positive, +inf for failed requests. The rank interval is as wide as
    the effective number of independent values makes it. A machine whose speed shifts a little from one block to the
    next shows that too weakly within blocks for it: with shifts of a fifth of the scatter of requests, five blocks of
    134, it held the median of 73 % of 600 samples, and with shifts of twice the scatter it often has no bound at all.
    So it is stretched to `median_over_blocks`, which asks no more than that blocks are alike: 95 and 94 %; independent
    requests, whom that costs most, are then covered 99 %. A higher quantile of shifting blocks lies in the slowest of
    them, of which the mean of the blocks' own says nothing: it stays as it is by rank. Raises TooFewSamples as
    `percentile_interval` does.
    """
    arrays = as_sequences(sequences)
    effective_n = effective_sample_size(arrays, p)
    by_rank = percentile_interval(np.concatenate(arrays), p, effective_n=effective_n, level=level)
    by_blocks = median_over_blocks(arrays, level=level) if p == MEDIAN else None
    if by_blocks is None:
        return by_rank
    return Interval(
        low=min(by_rank.low, by_blocks.low) if math.isfinite(by_rank.low) else by_blocks.low,
        point=by_rank.point,
        high=max(by_rank.high, by_blocks.high) if math.isfinite(by_rank.high) else by_blocks.high,
    )


def median_over_blocks(sequences: Sequence[npt.ArrayLike], *, level: float = 0.95) -> Interval | None:
    """Return Student's interval of the logarithms of the blocks' medians, around the median of all values.

    Batch means (Law, Simulation Modeling and Analysis, 5th ed., §9.5) of a median: it asks no more than that blocks are
    alike and independent. Stretched to hold the pooled median, which skewed blocks may leave outside. None where it
    does not exist: under LEAST_BLOCKS blocks, one too short for a median, or one whose median is no positive number.
    """
    arrays = as_sequences(sequences)
    if len(arrays) < LEAST_BLOCKS or min(array.size for array in arrays) < minimum_n(MEDIAN, level):
        return None
    medians = np.array([quantile(array, MEDIAN) for array in arrays])
    if not (np.isfinite(medians) & (medians > 0)).all():
        return None
    logarithms = np.log(medians)
    reach = stats.t.ppf((1.0 + level) / 2.0, len(arrays) - 1) * logarithms.std(ddof=1) / math.sqrt(len(arrays))
    point = quantile(np.concatenate(arrays), MEDIAN)
    low, high = (math.exp(logarithms.mean() + sign * reach) for sign in (-1, 1))
    return Interval(min(low, point), point, max(high, point))
