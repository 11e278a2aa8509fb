"""Medians of two arms that served the same slices: one difference a (process, block), and a t interval over those.

Both arms come as values[process][block] = [n] response times in time order. Process i and block j of one arm belong to
process i and block j of the other: the same requests on the same schedule. Always head - base and head / base.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.components import Components
from bench.analysis.stats.hierarchy import Layout, Nested, common_layout, flat_blocks
from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.samples import Interval, Samples, TooFewSamples, UndefinedDifference


@dataclass(frozen=True, slots=True)
class MedianDifference:
    """Medians of head against base. difference: unit of the values; ratio: head / base; components: of ln ratio.

    difference_over_processes, ratio_over_processes: t intervals over the process means of the difference and of ln
    ratio, the ones that hold where restarts differ more than blocks; wide with few processes, None with one.
    """

    difference: Interval
    ratio: Interval
    difference_over_processes: Interval | None
    ratio_over_processes: Interval | None
    components: Components
    pairs: int


def median_difference(base: Nested, head: Nested, *, level: float = 0.95) -> MedianDifference:
    """Return difference and ratio of the block medians with t intervals over one value a (process, block).

    Ratios are averaged as logarithms. The intervals take the pairs as independent, which pairs of one process are not
    where restarts differ: with 3 blocks in each of 2 processes and nothing but process effects they cover 54 %, and
    those over processes 95 %. Raises TooFewSamples under two pairs, UndefinedDifference where a median is infinite,
    ValueError where one is not positive or the arms do not hold the same blocks.
    """
    layout = common_layout(base, head)
    if layout.lengths.size < 2:
        raise TooFewSamples("a t interval over (process, block) pairs", int(layout.lengths.size), 2)
    base_median, head_median = _block_medians(base), _block_medians(head)
    difference, log_ratio = head_median - base_median, np.log(head_median / base_median)
    process = np.repeat(np.arange(layout.blocks.size), layout.blocks)
    over_processes = None if layout.blocks.size < 2 else _over_processes(difference, process, level)
    ratio_over_processes = None if layout.blocks.size < 2 else _over_processes(log_ratio, process, level)
    return MedianDifference(
        difference=t_interval(difference, level),
        ratio=exponential(t_interval(log_ratio, level)),
        difference_over_processes=over_processes,
        ratio_over_processes=None if ratio_over_processes is None else exponential(ratio_over_processes),
        components=_components_of_mean(log_ratio, process, layout),
        pairs=int(log_ratio.size),
    )


def _block_medians(values: Nested) -> Samples:
    """Return the median of every block; raises where one has no logarithm."""
    medians = np.array([quantile(block, 0.5) for block in flat_blocks(values)])
    if np.isinf(medians).any():
        raise UndefinedDifference("a block's median is infinite: half its requests failed; print `saturated`")
    if (medians <= 0.0).any():
        raise ValueError("a block's median is not positive, so it has no ratio; times are counted in ns from 1")
    return medians


def t_interval(values: Samples, level: float) -> Interval:
    """Return the mean of independent values with Student's interval; n ≥ 2."""
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(values.size)
    reach = float(stats.t.ppf((1.0 + level) / 2.0, values.size - 1)) * error
    return Interval(mean - reach, mean, mean + reach)


def _over_processes(values: Samples, process: npt.NDArray[np.int64], level: float) -> Interval:
    """Return the mean over processes of their means, one value a (process, block), with Student's interval."""
    return t_interval(np.bincount(process, weights=values) / np.bincount(process), level)


def exponential(interval: Interval) -> Interval:
    """Return a ratio's interval from that of its logarithm."""
    return Interval(math.exp(interval.low), math.exp(interval.point), math.exp(interval.high))


def _components_of_mean(values: Samples, process: npt.NDArray[np.int64], layout: Layout) -> Components:
    """Return standard errors of the mean by level from one-way analysis of variance.

    Unbalanced processes count n₀ = (N - Σn²/N) / (P - 1) blocks each (Searle et al., Variance Components, 1992, §3.6).
    """
    n, processes = values.size, layout.blocks.size
    means = np.bincount(process, weights=values) / layout.blocks
    square_within = None
    if n > processes:
        square_within = float(((values - means[process]) ** 2).sum()) / (n - processes)
    between = None
    if processes > 1:
        square_between = float((layout.blocks * (means - values.mean()) ** 2).sum()) / (processes - 1)
        group = (n - float((layout.blocks**2).sum()) / n) / (processes - 1)
        variance = max(0.0, (square_between - (square_within or 0.0)) / group)
        between = math.sqrt(variance * float((layout.blocks**2).sum())) / n
    return Components(
        within=None,
        between_blocks=None if square_within is None else math.sqrt(square_within / n),
        between_processes=between,
    )
