"""Independent users: exponential gaps (coefficient of variation 1), never rescaled to hit a last arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.traffic.arrivals import ARRIVALS
from recsys.options import OptionsModel

NS_PER_S = 1_000_000_000


class PoissonOptions(OptionsModel):
    """Nothing to set."""


@ARRIVALS.register("poisson")
class PoissonArrivals:
    """A Poisson process."""

    Options = PoissonOptions

    def __init__(self, options: PoissonOptions) -> None:
        self.options = options

    def intended_ns(self, n: int, rate_per_s: float, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """So many times in ns."""
        gaps_ns = generator.standard_exponential(n) * (NS_PER_S / rate_per_s)
        return np.rint(np.cumsum(gaps_ns)).astype(np.int64)
