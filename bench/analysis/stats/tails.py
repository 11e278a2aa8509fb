"""Tails of two arms that served the same slices: the difference of their p-quantiles by a hierarchical bootstrap.

Both arms come as values[process][block] = [n] response times in time order. Process i and block j of one arm belong to
process i and block j of the other: the same requests on the same schedule. Always head - base and head / base.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.analysis.stats.components import Components
from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.hierarchy import Layout, Level, Nested, common_layout, flat_blocks
from bench.analysis.stats.paired import t_interval
from bench.analysis.stats.quantile import minimum_n, quantile
from bench.analysis.stats.resampling import QuantileResampler
from bench.analysis.stats.samples import Interval, Samples, TooFewSamples, UndefinedDifference
from bench.analysis.stats.variance_levels import VarianceLevels, finite_variance

_WINDOW_IN_AUTOCORRELATION_TIMES = 4.0
"""A window of w values misses about τ/w of the variance that runs of slow requests cause."""

_TAIL = 0.025
"""Chance of a miss on either side of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class TailDifference:
    """A quantile of head minus the same of base, pooled over the same blocks; not the quantile of differences.

    difference_over_processes: t interval over each process's own difference, the one that holds where restarts differ
    more than blocks; wide with few processes, None with one or where one is too short for the quantile.
    effective_n: independent values that each arm (base, head) is worth; window: values resampled together;
    undefined_resamples: resamples with infinite quantiles in both arms, counted against either bound.
    """

    difference: Interval
    difference_over_processes: Interval | None
    components: Components
    effective_n: tuple[float, float]
    window: int
    undefined_resamples: int


def tail_difference(
    base: Nested, head: Nested, p: float, rng: np.random.Generator, *, resamples: int = 1000, window: int | None = None
) -> TailDifference:
    """Return the difference of the arms' p-quantiles over all blocks with a 95 % interval.

    Process, then block, then circular windows within the block are drawn with replacement, the same draws for both arms
    (window default: 4 autocorrelation times of the slower-mixing arm, at least ∛n and at most half of the shortest
    block). The plain percentile interval of such draws is too wide, since each level adds the noise of those under it
    again, and too narrow where blocks are few. So only its shape is kept, and scaled to `VarianceLevels.reach`.

    Coverage of p99 with 1,500 independent requests, 98.1 % with raw quantiles and the largest level's variance. Tried
    against it (300 to 400 seeds, where that reads 98.7): quantiles interpolated between neighbours 98.3 %, robust
    spreads 99.0, a linear variance from exceedances and the slope around the quantile 98.3, since so far out the slope
    is known worse than the bootstrap's variance. Taken: the gaps' noise removed (`draw_without_gap_noise`), and levels
    that count only where they stand out: 95.9 % over the 2,000 seeds of the test. Arms that answer every request nearly
    alike are covered in more than 99 %.

    Two processes do not show how restarts vary: where these differ by 0.3 σ of a request this covers 77 %, and
    `difference_over_processes` 95 %; with four processes this covers 94 %.
    Arms behind a busy queue in short blocks are covered less: p90 of M/M/1 at ρ = 0.5 against 0.7 in 6 blocks of 300
    requests 90 % (300 seeds, ± 3).
    Where an arm's effective size is under `minimum_n` a bound that rests on its upper bound is infinite.
    Raises TooFewSamples under `minimum_n`, UndefinedDifference where both quantiles are infinite, ValueError where the
    arms do not hold the same blocks.
    """
    layout = common_layout(base, head)
    if layout.n < minimum_n(p):
        raise TooFewSamples(f"a difference of p{100 * p:g}", layout.n, minimum_n(p))
    point = _pooled_quantile(head, p) - _pooled_quantile(base, p)
    if math.isnan(point):
        raise UndefinedDifference(f"p{100 * p:g} is infinite in both arms: too many requests failed; print `saturated`")
    effective_n = (effective_sample_size(flat_blocks(base), p), effective_sample_size(flat_blocks(head), p))
    if window is None:
        window = _window(layout, min(effective_n))
    elif window < 1:
        raise ValueError(f"window must be at least 1 request, not {window}")
    resampler = QuantileResampler((base, head), p, window)
    variances = VarianceLevels.measured(lambda levels: _differences(resampler, levels, resamples, rng), layout)
    drawn = _differences(resampler, Level.PROCESS | Level.BLOCK | Level.WINDOW, resamples, rng)
    interval = _scaled_interval(point, drawn, variances)
    enough = [n >= minimum_n(p) for n in effective_n]
    return TailDifference(
        difference=Interval(interval.low if enough[0] else -math.inf, point, interval.high if enough[1] else math.inf),
        difference_over_processes=_over_processes(base, head, p),
        components=variances.components(),
        effective_n=effective_n,
        window=resampler.window,
        undefined_resamples=int(np.isnan(drawn).sum()),
    )


def _differences(resampler: QuantileResampler, levels: Level, count: int, rng: np.random.Generator) -> Samples:
    """Return head - base of resampled quantiles [count]; NaN where both are infinite."""
    base, head = resampler.draw_without_gap_noise(levels, count, rng)
    with np.errstate(invalid="ignore"):
        return np.asarray(head - base)


def _scaled_interval(point: float, drawn: Samples, variances: VarianceLevels) -> Interval:
    """Return the drawn differences' 95 % range around the point, scaled to the largest variance and its t factor.

    An undefined draw (both arms infinite) may be anything, so it counts as -inf for the low and inf for the high bound.
    """
    spread = finite_variance(drawn)
    reach = variances.reach(1.0 - 2.0 * _TAIL)
    scale = reach / (float(stats.norm.isf(_TAIL)) * math.sqrt(spread)) if spread > 0.0 and reach > 0.0 else 1.0
    low = _quantile_of_draws(np.where(np.isnan(drawn), -np.inf, drawn), _TAIL)
    high = _quantile_of_draws(np.where(np.isnan(drawn), np.inf, drawn), 1.0 - _TAIL)
    if math.isinf(point):
        return Interval(low, point, high)
    return Interval(min(point, point + scale * (low - point)), point, max(point, point + scale * (high - point)))


def _over_processes(base: Nested, head: Nested, p: float) -> Interval | None:
    """Return the t interval over the processes' own differences; None where one of them cannot carry the quantile."""
    if len(base) < 2 or min(Layout.of([process]).n for process in base) < minimum_n(p):
        return None
    with np.errstate(invalid="ignore"):
        own = np.array([_pooled_quantile([h], p) - _pooled_quantile([b], p) for b, h in zip(base, head, strict=True)])
    return t_interval(own, 1.0 - 2.0 * _TAIL) if np.isfinite(own).all() else None


def _quantile_of_draws(draws: Samples, p: float) -> float:
    """Return x(⌈np⌉) of bootstrap draws, which unlike measured values may be -inf."""
    return float(np.quantile(draws, p, method="inverted_cdf"))


def _window(layout: Layout, effective_n: float) -> int:
    """Return the default window: 4 autocorrelation times, between ∛n and half of the shortest block."""
    shortest = int(layout.lengths.min())
    wanted = max(math.cbrt(shortest), _WINDOW_IN_AUTOCORRELATION_TIMES * layout.n / effective_n)
    return max(1, min(shortest // 2, math.ceil(wanted)))


def _pooled_quantile(values: Nested, p: float) -> float:
    return quantile(np.concatenate(flat_blocks(values)), p)
