"""Arrivals of a calibration, by the arrival process that scenarios use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.traffic.arrivals import Stretch
from bench.traffic.arrivals.poisson import PoissonArrivals, PoissonOptions


def draw_poisson_ns(n: int, rate_per_s: float, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """The times of n arrivals, int64 ns from the start."""
    return PoissonArrivals(PoissonOptions()).intended_ns(Stretch(n, rate_per_s, generator))
