"""Does a series rise or fall: a backlog that grows, blocks that get slower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import Interval, Samples, TooFewSamples, as_finite

_FEWEST_POINTS = 4
"""With three points even a strictly rising series has p = 1/6 one-sided: nothing could ever be shown."""

_MOST_POINTS = 5000
"""Theil–Sen holds all n(n-1)/2 slopes in memory: 100 MB here."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A monotone trend. slope: value units per position unit; tau: Kendall's τ-b, -1 … 1; p values are one-sided."""

    slope: Interval
    tau: float
    p_rising: float
    p_falling: float


def monotone_trend(values: npt.ArrayLike, positions: npt.ArrayLike | None = None, *, level: float = 0.95) -> Trend:
    """Return the Mann–Kendall test and the Theil–Sen slope of finite values [n] over positions [n] (default 0 … n-1).

    Mann–Kendall is Kendall's τ between value and position (Mann, Econometrica 1945): exact for few values without ties,
    otherwise normal with the variance corrected for ties. Theil–Sen is the median of all pairwise slopes with Sen's
    interval (JASA 1968). Both take the values as independent: a backlog sampled at every request is not, so it goes
    through `segment_means` first, with segments of several relaxation times.
    Raises TooFewSamples under 4 values, ValueError over 5,000 or where values or positions are not finite.
    """
    series = as_finite(values)
    places = np.arange(series.size, dtype=np.float64) if positions is None else as_finite(positions)
    if places.size != series.size:
        raise ValueError(f"{series.size} values but {places.size} positions; give one position for every value")
    if series.size < _FEWEST_POINTS:
        raise TooFewSamples("a trend", series.size, _FEWEST_POINTS)
    if series.size > _MOST_POINTS:
        raise ValueError(f"{series.size} values, at most {_MOST_POINTS}; average them with segment_means first")
    if np.ptp(places) == 0.0:
        raise ValueError("all positions are equal; a trend needs at least two different positions")
    slope, _, low, high = stats.theilslopes(series, places, alpha=level)
    interval = Interval(float(low), float(slope), float(high))
    if np.ptp(series) == 0.0:
        return Trend(slope=interval, tau=0.0, p_rising=1.0, p_falling=1.0)
    rising = stats.kendalltau(places, series, alternative="greater")
    falling = stats.kendalltau(places, series, alternative="less")
    return Trend(interval, float(rising.statistic), float(rising.pvalue), float(falling.pvalue))


def segment_means(values: npt.ArrayLike, segments: int) -> Samples:
    """Return float64 [segments]: means of consecutive, nearly equal stretches of the values, in order."""
    series = as_finite(values)
    if segments < 1:
        raise ValueError(f"segments must be at least 1, not {segments}; 10 is a good start")
    if series.size < segments:
        raise TooFewSamples(f"{segments} segments", series.size, segments)
    return np.array([float(part.mean()) for part in np.array_split(series, segments)])
