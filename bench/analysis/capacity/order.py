"""Hysteresis: whether a probe is slower for having followed one at a higher rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import Samples

FEWEST = 4
"""Probes on each side: with fewer no difference could be told at 1 %."""
TOLD_P = 0.01


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """Probes near the capacity after one at a higher rate (from_above) and after one at a lower one (from_below).

    residual_from_above, residual_from_below: by how much their share of requests over the limit exceeds the fit, on
    average. p_slower_from_above: of such a difference by chance (Mann–Whitney, one-sided).
    """

    from_above: int
    from_below: int
    residual_from_above: float
    residual_from_below: float
    p_slower_from_above: float

    @property
    def is_told(self) -> bool:
        """Whether an overload leaks into what follows it, by more than chance."""
        return self.p_slower_from_above < TOLD_P


def order_effect(positions: Samples, residuals: Samples, near: npt.NDArray[np.bool_]) -> OrderEffect | None:
    """Compare the residuals of probes by where they came from. Arrays [n] in the order in which they were made.

    near: those that are compared. None where either side has fewer than four.
    """
    steps = np.diff(positions, prepend=positions[:1])
    above, below = residuals[near & (steps < 0)], residuals[near & (steps > 0)]
    if min(above.size, below.size) < FEWEST:
        return None
    test = stats.mannwhitneyu(above, below, alternative="greater")
    return OrderEffect(above.size, below.size, float(above.mean()), float(below.mean()), float(test.pvalue))
