"""Bursty users: independent gamma gaps of a given coefficient of variation (1 is poisson, 0 would be constant)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bench.clock import NS_PER_S
from bench.traffic.arrivals import ARRIVALS, RateFromLoad, Stretch
from recsys.options import OptionsModel


class GammaOptions(OptionsModel):
    """cv: standard deviation of the gaps over their mean. Recorded: 1.1 for chat, 13 for code completion."""

    cv: float = Field(gt=0, allow_inf_nan=False, examples=[3.0])


@ARRIVALS.register("gamma")
class GammaArrivals(RateFromLoad):
    """A renewal process: a gamma law of shape k has mean kθ and CV 1/√k, so k = 1/cv² and θ = mean/k."""

    Options = GammaOptions

    def __init__(self, options: GammaOptions) -> None:
        self.options = options

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times in ns; a high CV makes most gaps very short, so some arrivals share their ns."""
        shape = self.options.cv**-2
        gaps_ns = stretch.generator.standard_gamma(shape, stretch.n) * (NS_PER_S / (stretch.rate_per_s * shape))
        return np.rint(np.cumsum(gaps_ns)).astype(np.int64)
