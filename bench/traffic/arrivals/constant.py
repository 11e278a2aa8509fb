"""Requests exactly one period apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.traffic.arrivals import ARRIVALS
from recsys.options import OptionsModel

NS_PER_S = 1_000_000_000


class ConstantOptions(OptionsModel):
    """Nothing to set."""


@ARRIVALS.register("constant")
class ConstantArrivals:
    """The first request is due one period after the start."""

    Options = ConstantOptions

    def __init__(self, options: ConstantOptions) -> None:
        self.options = options

    def intended_ns(self, n: int, rate_per_s: float, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """So many times in ns; nothing is drawn."""
        times_ns: npt.NDArray[np.int64] = np.rint(np.arange(1, n + 1) * (NS_PER_S / rate_per_s)).astype(np.int64)
        return times_ns
