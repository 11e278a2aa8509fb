"""Quantiles of resampled values, for several arms with the same draws."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.hierarchy import Layout, Level, Nested, Segments, flat_blocks
from bench.analysis.stats.quantile import quantile_rank
from bench.analysis.stats.samples import Samples

_Index = npt.NDArray[np.int64]

_RESAMPLES_AT_ONCE = 200
"""At 8 bytes a segment 6 MB of them."""

_KNOTS_AN_ERROR = 8
_EVEN_KNOTS = 64
_KNOT_GROWTH = 1.2
"""Ranks at which values are counted: eight a standard error of the rank, 64 evenly on each side, then ever sparser."""


class QuantileResampler:
    """Draws quantiles of several arms that share a layout, with the same draws for all of them."""

    def __init__(self, arms: Sequence[Nested], p: float, window: int) -> None:
        """arms: values of each arm, all of one layout; p: the quantile; window: values that stay together, ≥ 1."""
        self._p = p
        self._segments = Segments(Layout.of(arms[0]), window)
        of_values = self._segments.of_values()
        self._sizes = np.bincount(of_values, minlength=self._segments.count).astype(np.float64)
        self._arms = [_Counts(np.concatenate(flat_blocks(arm)), p, of_values, self._sizes.size) for arm in arms]

    @property
    def window(self) -> int:
        """How many values stay together: as many as asked for, or more where the blocks are very long."""
        return self._segments.window

    @property
    def points(self) -> Samples:
        """The quantiles of the values themselves, float64 [arms]."""
        return np.array([arm.point for arm in self._arms])

    def draw(self, levels: Level, count: int, rng: np.random.Generator) -> Samples:
        """Return float64 [arms, count]: quantiles of `count` resamples of the named levels."""
        return self._draw(levels, count, rng)[0]

    def draw_without_gap_noise(self, levels: Level, count: int, rng: np.random.Generator) -> Samples:
        """Return drawn quantiles [arms, count] whose spread is that of a quantile, not of a resampled one.

        A resample's quantile lies k ranks from the sample's, and that distance squared is (k² + k) squared gaps on
        average: k for the noise of the gaps between (exponential spacings: Pyke, JRSS B 1965). A quantile itself does
        not vary by that noise, which makes its bootstrap variance too large (Hall & Martin, Probability Theory 1988),
        at np(1-p) = 15 by a fifth. So every distance is multiplied by √(k / (k + 1)).
        """
        drawn, apart = self._draw(levels, count, rng)
        points = self.points[:, None]
        with np.errstate(invalid="ignore"):
            return np.where(np.isinf(points), drawn, points + (drawn - points) * np.sqrt(apart / (apart + 1.0)))

    def _draw(self, levels: Level, count: int, rng: np.random.Generator) -> tuple[Samples, Samples]:
        """Return quantiles, and how many ranks each lies from that of the values themselves, [arms, count] both."""
        parts = []
        for first in range(0, count, _RESAMPLES_AT_ONCE):
            times = self._segments.draw(levels, min(_RESAMPLES_AT_ONCE, count - first), rng)
            wanted = self._p * (times @ self._sizes)
            parts.append([arm.quantiles(times, wanted) for arm in self._arms])
        both = np.concatenate(parts, axis=2)
        return both[:, 0], both[:, 1]


class _Counts:
    """Of one arm, how many values of each segment lie at or under each knot: an order statistic of all values."""

    def __init__(self, values: Samples, p: float, of_values: _Index, segments: int) -> None:
        """values: [n]; of_values: the segment of each of them [n]."""
        ordered = np.sort(values)
        place = quantile_rank(values.size, p) - 1
        self.point = float(ordered[place])
        self._knots = np.unique(ordered[_knot_places(values.size, p)])
        first, last = np.searchsorted(ordered, self._knots), np.searchsorted(ordered, self._knots, side="right") - 1
        self._apart = np.maximum(0, np.maximum(first - place, place - last)).astype(np.float64)
        self._follows = np.concatenate(([True], first[1:] == last[:-1] + 1)) | np.isinf(self._knots)
        cells = of_values * self._knots.size + np.searchsorted(self._knots, values)
        counts = np.bincount(cells, minlength=segments * self._knots.size).reshape(segments, -1)
        self._under = np.cumsum(counts, axis=1).astype(np.float64)

    def quantiles(self, times: Samples, wanted: Samples) -> tuple[Samples, Samples]:
        """Return of each resample [rows] the first value with `wanted` values at or under it, and its ranks apart.

        times: [rows, segments]. Between knots with other values between them the value is interpolated by its rank.
        """
        under = times @ self._under
        found = np.minimum((under < (wanted * (1.0 - 1e-12))[:, None]).sum(axis=1), self._knots.size - 1)
        values, row = self._knots[found], np.arange(found.size)
        between = ~self._follows[found]
        row, after = row[between], found[between]
        share = (wanted[between] - under[row, after - 1]) / (under[row, after] - under[row, after - 1])
        values[between] -= (1.0 - share) * (self._knots[after] - self._knots[after - 1])
        return values, self._apart[found]


def _knot_places(n: int, p: float) -> _Index:
    """Return places among n sorted values, ascending, dense around the p-quantile's, first and last included."""
    place = quantile_rank(n, p) - 1
    widths = [max(1, int(math.sqrt(n * p * (1.0 - p)) / _KNOTS_AN_ERROR))] * _EVEN_KNOTS
    while sum(widths) < n:
        widths.append(math.ceil(widths[-1] * _KNOT_GROWTH))
    offsets = np.concatenate(([0], np.cumsum(widths)))
    return np.unique(np.clip(np.concatenate((place - offsets, place + offsets)), 0, n - 1))
