"""Requests exactly one period apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S
from bench.traffic.arrivals import ARRIVALS, RateFromLoad, Stretch
from recsys.options import OptionsModel


class ConstantOptions(OptionsModel):
    """Nothing to set."""


@ARRIVALS.register("constant")
class ConstantArrivals(RateFromLoad):
    """The first request is due one period after the start."""

    Options = ConstantOptions

    def __init__(self, options: ConstantOptions) -> None:
        self.options = options

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times in ns; nothing is drawn."""
        period_ns = NS_PER_S / stretch.rate_per_s
        times_ns: npt.NDArray[np.int64] = np.rint(np.arange(1, stretch.n + 1) * period_ns).astype(np.int64)
        return times_ns
