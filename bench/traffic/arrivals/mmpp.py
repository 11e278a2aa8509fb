"""Bursts: a Poisson process whose rate switches between states that last for a while (Markov-modulated)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from bench.traffic.arrivals import ARRIVALS, Stretch, rising_ns
from recsys.options import OptionsModel

Floats = npt.NDArray[np.float64]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class MmppOptions(OptionsModel):
    """rates_per_s: of each state, 0 for a pause. mean_s: how long it lasts on average, exponentially distributed.

    States follow each other in the order of the list, the first after the last.
    """

    rates_per_s: tuple[Rate, ...] = Field(min_length=2, examples=[(20.0, 80.0)])
    mean_s: tuple[Duration, ...] = Field(min_length=2, examples=[(1.0, 0.5)])

    @field_validator("rates_per_s")
    @classmethod
    def _some_arrivals(cls, rates_per_s: tuple[float, ...]) -> tuple[float, ...]:
        if not any(rates_per_s):
            raise ValueError("at least one state needs a rate above 0")
        return rates_per_s

    @field_validator("mean_s")
    @classmethod
    def _one_each(cls, mean_s: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        n_states = len(info.data.get("rates_per_s", mean_s))
        if len(mean_s) != n_states:
            raise ValueError(f"{len(mean_s)} durations for {n_states} rates; each state needs one")
        return mean_s


@ARRIVALS.register("mmpp")
class MmppArrivals:
    """Each block starts in the stationary law: state i with probability mean_i / Σ mean, whatever was before.

    Given the path of states it is a Poisson process of a known rate, so its arrivals are those times at which the
    integral of the rate reaches the times of a Poisson process of rate 1.
    """

    Options = MmppOptions
    has_natural_rate = True

    def __init__(self, options: MmppOptions) -> None:
        self.options = options
        self._rates_per_s = np.array(options.rates_per_s)
        self._mean_s = np.array(options.mean_s)

    def natural_rate_per_s(self, data_dirs: Sequence[Path]) -> float:
        """The states' rates, weighted by their stationary shares."""
        return float(self._rates_per_s @ self._mean_s / self._mean_s.sum())

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times in ns."""
        expected = np.cumsum(stretch.generator.standard_exponential(stretch.n))
        states, lasting_s = self._path(stretch.generator, 1 + expected.max(initial=0.0))
        rates_per_s = self._rates_per_s[states]
        ends_s, expected_at_end = np.cumsum(lasting_s), np.cumsum(lasting_s * rates_per_s)
        place = np.searchsorted(expected_at_end, expected, side="right")
        times_s = ends_s[place] - (expected_at_end[place] - expected) / rates_per_s[place]
        return rising_ns(times_s * (self.natural_rate_per_s(stretch.data_dirs) / stretch.rate_per_s))

    def _path(self, generator: np.random.Generator, expected: float) -> tuple[npt.NDArray[np.int64], Floats]:
        """States and how long each lasts, until at least so many arrivals are expected of them all."""
        n_states = len(self._mean_s)
        first = generator.choice(n_states, p=self._mean_s / self._mean_s.sum())
        cycle = (first + np.arange(n_states)) % n_states
        per_cycle = float(self._rates_per_s @ self._mean_s)
        parts: list[Floats] = []
        missing = expected
        while missing > 0:
            n_cycles = math.ceil(missing / per_cycle)
            parts.append(generator.standard_exponential((n_cycles, n_states)) * self._mean_s[cycle])
            missing -= float((parts[-1] @ self._rates_per_s[cycle]).sum())
        lasting_s = np.concatenate(parts)
        return np.tile(cycle, len(lasting_s)), lasting_s.ravel()
