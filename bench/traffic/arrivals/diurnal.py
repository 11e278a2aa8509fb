"""A day: a Poisson process whose rate follows a curve that repeats, such as the hours of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from bench.traffic.arrivals import ARRIVALS, Stretch, rising_ns
from recsys.options import OptionsModel

Floats = npt.NDArray[np.float64]
Height = Annotated[float, Field(ge=0, allow_inf_nan=False)]

NIGHT, MORNING = (0.6, 0.4, 0.25, 0.2, 0.2, 0.25), (0.4, 0.65, 0.9, 1.05, 1.1, 1.15)
AFTERNOON, EVENING = (1.2, 1.2, 1.15, 1.15, 1.2, 1.3), (1.5, 1.8, 2.0, 1.9, 1.45, 1.0)
DAY = (*NIGHT, *MORNING, *AFTERNOON, *EVENING)
"""Levels at the 24 hours, of mean 1. That the peak hour has twice the mean is observed; the rest is an assumption."""


class DiurnalOptions(OptionsModel):
    """The curve: its points, equally spaced over the period, are joined by straight lines, the last with the first.

    levels: the points, relative to each other; the load's rate is their mean, and the period stays as it is.
    rates_per_s: the points in requests/s instead; another rate of the load then scales time, the period too.
    start_s: where in the period the first block starts; the next go on where as many arrivals are to be expected.
    """

    period_s: float = Field(gt=0, allow_inf_nan=False, examples=[10.0])
    levels: tuple[Height, ...] = Field(DAY, min_length=2)
    rates_per_s: tuple[Height, ...] | None = Field(None, min_length=2)
    start_s: float = Field(0.0, ge=0)

    @field_validator("levels", "rates_per_s")
    @classmethod
    def _some_arrivals(cls, points: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if points is not None and not any(points):
            raise ValueError("at least one point of the curve must be above 0")
        return points

    @field_validator("rates_per_s")
    @classmethod
    def _one_curve(cls, points: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
        if points is not None and info.data.get("levels", DAY) != DAY:
            raise ValueError("levels give the curve already; remove one of them")
        return points

    @field_validator("start_s")
    @classmethod
    def _within_the_period(cls, start_s: float, info: ValidationInfo) -> float:
        if start_s >= info.data.get("period_s", np.inf):
            raise ValueError(f"must be less than period_s ({info.data['period_s']:g})")
        return start_s


@dataclass(frozen=True)
class Curve:
    """A rate that repeats. rates_per_s float [m]: at m equally spaced moments of the period, linear between."""

    rates_per_s: Floats
    period_s: float

    @cached_property
    def expected(self) -> Floats:
        """Arrivals to be expected from the period's start to each of its points and to its end, float [m + 1]."""
        means_per_s = (self.rates_per_s + np.roll(self.rates_per_s, -1)) / 2
        return np.concatenate([[0.0], np.cumsum(means_per_s * self._spacing_s)])

    def expected_at(self, time_s: float) -> float:
        """Arrivals to be expected up to this moment of the first period: the integral of the rate."""
        place = min(int(time_s / self._spacing_s), len(self.rates_per_s) - 1)
        since_s = time_s - place * self._spacing_s
        rate_per_s, slope = self.rates_per_s[place], self._slopes[place]
        return float(self.expected[place] + rate_per_s * since_s + slope * since_s**2 / 2)

    def time_s(self, expected: Floats) -> Floats:
        """When so many arrivals are to be expected, the inverse of `expected_at` over all periods.

        Within a piece, c = a s + b s² / 2 is solved by s = 2c / (a + √(a² + 2bc)), which is exact for b = 0 too.
        """
        periods, rest = np.divmod(expected, self.expected[-1])
        place = np.searchsorted(self.expected, rest, side="right") - 1
        missing, rate_per_s = rest - self.expected[place], self.rates_per_s[place]
        root = np.sqrt(np.maximum(rate_per_s**2 + 2 * self._slopes[place] * missing, 0))
        since_s = 2 * missing / np.where(missing > 0, rate_per_s + root, 1.0)
        return periods * self.period_s + place * self._spacing_s + since_s

    @property
    def _spacing_s(self) -> float:
        return self.period_s / len(self.rates_per_s)

    @cached_property
    def _slopes(self) -> Floats:
        """By how much the rate grows in a second, from each point to the next."""
        return (np.roll(self.rates_per_s, -1) - self.rates_per_s) / self._spacing_s


@ARRIVALS.register("diurnal")
class DiurnalArrivals:
    """The times at which the integral of the curve reaches the times of a Poisson process of rate 1."""

    Options = DiurnalOptions

    def __init__(self, options: DiurnalOptions) -> None:
        self.options = options

    @property
    def has_natural_rate(self) -> bool:
        """When its curve is given in requests/s."""
        return self.options.rates_per_s is not None

    def natural_rate_per_s(self, data_dirs: Sequence[Path]) -> float | None:
        """The mean of the curve, None when its points are only levels."""
        return None if self.options.rates_per_s is None else float(np.mean(self.options.rates_per_s))

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times in ns."""
        curve, start_s = self.curve(stretch.rate_per_s)
        start = curve.expected_at(start_s) + stretch.before
        expected = start + np.cumsum(stretch.generator.standard_exponential(stretch.n))
        return rising_ns(curve.time_s(expected) - curve.time_s(np.array(start)))

    def curve(self, rate_per_s: float) -> tuple[Curve, float]:
        """The curve at this mean rate, and where in it the first block starts, in s."""
        natural_per_s = self.natural_rate_per_s(())
        scale = 1.0 if natural_per_s is None else natural_per_s / rate_per_s
        points = np.array(self.options.rates_per_s or self.options.levels)
        rates_per_s = points * (rate_per_s / points.mean())
        return Curve(rates_per_s, self.options.period_s * scale), self.options.start_s * scale
