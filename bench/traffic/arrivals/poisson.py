"""Independent users: exponential gaps (coefficient of variation 1), never rescaled to hit a last arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S
from bench.traffic.arrivals import ARRIVALS, RateFromLoad, Stretch
from recsys.options import OptionsModel


class PoissonOptions(OptionsModel):
    """Nothing to set."""


@ARRIVALS.register("poisson")
class PoissonArrivals(RateFromLoad):
    """A Poisson process."""

    Options = PoissonOptions

    def __init__(self, options: PoissonOptions) -> None:
        self.options = options

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times in ns."""
        gaps_ns = stretch.generator.standard_exponential(stretch.n) * (NS_PER_S / stretch.rate_per_s)
        return np.rint(np.cumsum(gaps_ns)).astype(np.int64)
