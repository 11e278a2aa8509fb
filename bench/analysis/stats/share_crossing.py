"""Where a rising share reaches a target: the crossing of a rising fit, with an interval from drawing it anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.isotonic import Replicates, RisingFit
from bench.analysis.stats.samples import Interval, Samples, require_share

_FAR = 10.0
"""Shares under a tenth of the target say only that they are near 0, those over ten times that the limit is lost."""
_TELLING_SHARE = 20.0
"""Up to 20 times the target a share still tells how far probes of one position scatter; beyond, the limit is lost."""
_LEAST_PSEUDO_COUNT = 0.5


@dataclass(frozen=True)
class Shares:
    """Shares observed at positions, [n] each, in any order.

    positions: finite, for loads their logarithm. shares: 0 … 1. counted: values behind each. effective_n: how many
    independent values they are worth. certain: shares that are known and not drawn anew.
    """

    positions: Samples
    shares: Samples
    counted: Samples
    effective_n: Samples
    certain: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the share reaches the target. interval: in the unit of positions, point the mean of all draws.

    drawn_low, drawn_high: the interval of the draws alone; where the fit jumps from far under the target to far over,
    `interval` spans the gap between the positions instead, in which nothing was observed. dispersion: how many times
    the variance of independent values the shares scatter, at least 1. fitted [n]: the rising fit at each position.
    """

    interval: Interval
    drawn_low: float
    drawn_high: float
    dispersion: float
    fitted: Samples


def share_crossing(
    shares: Shares, target: float, rng: np.random.Generator, *, draws: int = 400, level: float = 0.95
) -> Crossing:
    """Return where a rising fit of the shares reaches the target, by a parametric bootstrap of the fit.

    A share is a mean and so unbiased at any n, which the p-quantile of few dependent values is not; p-quantile ≤ limit
    and share over the limit ≤ 1 - p are the same statement. Each draw takes every share anew from a beta law around the
    fit, as uncertain as `effective_n` values leave it, widened by what shares scatter beyond that (Pearson's χ² over
    its degrees of freedom, at least 1: quasi-likelihood, Wedderburn, Biometrika 1974) and by the t law, since that is
    estimated from few. Each draw is fitted and crossed; the mean of the crossings is steadier than the crossing of the
    one fit, which jumps from step to step (bagging: Breiman, Machine Learning 1996).
    Raises ValueError where the fit does not cross the target: then there is only a bound.
    """
    require_share("target", target)
    replicates = Replicates.of(shares.positions, shares.counted)
    fit = replicates.fit(replicates.means(shares.shares))
    if not fit.values[0] <= target < fit.values[-1]:
        raise ValueError(
            f"the shares, fitted from {fit.values[0]:g} to {fit.values[-1]:g}, do not cross {target:g}; observe higher "
            "or lower positions"
        )
    dispersion, freedom = _dispersion(shares, fit, target)
    wider = float(stats.t.ppf((1.0 + level) / 2.0, freedom) / stats.norm.ppf((1.0 + level) / 2.0))
    drawn = _draw(shares, fit, dispersion * wider**2, (rng, draws))
    crossings = np.array([replicates.fit(means).share_crossing(target, _FAR) for means in replicates.means(drawn)])
    crossings = np.clip(crossings, replicates.positions[0], replicates.positions[-1])
    low, high = (float(bound) for bound in np.quantile(crossings, [(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
    interval = _spanning_the_jump(shares, fit, target, Interval(low, float(crossings.mean()), high))
    return Crossing(interval, low, high, dispersion, fit.fitted)


def _expected(shares: Shares, fit: RisingFit) -> Samples:
    """Return the fit's share at each position; a step without any value over the limit counts half a one.

    Half a value under it likewise: what was not seen among n is no share of 0.
    """
    _, steps = np.unique(fit.fitted, return_inverse=True)
    unseen = 0.5 / np.maximum(np.bincount(steps, shares.effective_n)[steps], 1.0)
    return np.clip(fit.fitted, unseen, 1.0 - unseen)


def _dispersion(shares: Shares, fit: RisingFit, target: float) -> tuple[float, int]:
    """Return Pearson's χ² over its degrees of freedom, at least 1, and those degrees."""
    telling = (fit.fitted < _TELLING_SHARE * target) & ~shares.certain
    expected = _expected(shares, fit)[telling]
    variance = expected * (1.0 - expected) / shares.effective_n[telling]
    freedom = max(int(telling.sum()) - 2, 1)  # the two steps beside the crossing
    chi_squared = float(((shares.shares[telling] - expected) ** 2 / variance).sum())
    return max(1.0, chi_squared / freedom), freedom


def _draw(
    shares: Shares, fit: RisingFit, dispersion: float, how: tuple[np.random.Generator, int]
) -> npt.NDArray[np.float64]:
    """Return float64 [draws, n]: shares drawn around the fit. how: the generator and the number of draws."""
    rng, draws = how
    expected = _expected(shares, fit)
    size = np.maximum(shares.effective_n / dispersion - 1.0, _LEAST_PSEUDO_COUNT)
    drawn = rng.beta(expected * size, (1.0 - expected) * size, size=(draws, expected.size))
    return np.where(shares.certain, shares.shares, drawn)


def _spanning_the_jump(shares: Shares, fit: RisingFit, target: float, interval: Interval) -> Interval:
    """Return the interval, or where the fit jumps over the target one that holds the whole gap."""
    under, over = fit.fitted <= target, fit.fitted > target
    jumps = fit.fitted[under].max() < target / _FAR and fit.fitted[over].min() > target * _FAR
    if not jumps:
        return interval
    low = min(interval.low, float(shares.positions[under].max()))
    high = max(interval.high, float(shares.positions[over].min()))
    return Interval(low, interval.point, high)
