"""From all probes of one search to the range in which the capacity lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from bench.analysis.capacity.order import OrderEffect, order_effect
from bench.analysis.capacity.probe_result import ProbeResult
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.contradiction import Contradiction, contradiction
from bench.analysis.stats.isotonic import Replicates
from bench.analysis.stats.samples import Interval, Samples
from bench.analysis.stats.share_crossing import Shares, share_crossing

SEED = 11
BURST_FACTOR = 2.0
"""One probe's effective sample size is up to so many times too large where the limit is passed in bursts (M/D/1 at 78 %
load, 600 requests); a contradiction must stand in spite of it."""


class Bound(Enum):
    """What the probes bound: both sides, only the lower one, or nothing above 0."""

    RANGE = "range"
    AT_LEAST = "at least"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Estimate:
    """interval: of the capacity in requests/s; AT_LEAST has no upper bound, NONE is 0 up to the lowest rate tried.

    half_width: how far the interval reaches around its middle, as a ratio minus 1; inf without one. drawn_half_width:
    the same of the draws alone, where the interval spans a gap between rates at which the limit is left all at once.
    dispersion: how many times the variance of its requests a probe scatters. contradiction: rates per second, where
    the limit is kept above a rate that fails; the interval is then that of the highest crossing.
    """

    bound: Bound
    interval: Interval
    half_width: float
    drawn_half_width: float
    dispersion: float
    contradiction: Contradiction | None
    order: OrderEffect | None

    def is_within(self, tolerance: float) -> bool:
        """Whether the interval reaches at most so far to both sides (0.05: ±5 %)."""
        return self.bound is Bound.RANGE and self.half_width <= math.sqrt((1 + tolerance) / (1 - tolerance)) - 1


def estimate(probes: Sequence[ProbeResult], slo: Slo) -> Estimate:
    """What the probes say together. Raises ValueError without a probe.

    A probe that is unstable counts as all requests over the limit: that is where a longer one would end.
    """
    against = contradiction(_shares(probes), slo.share_over, dispersion=BURST_FACTOR)
    used = list(probes)
    if against is not None:
        used = [probe for probe in probes if math.log(probe.rate_per_s) > against.over]
        against = Contradiction(math.exp(against.over), math.exp(against.under))
    shares = _shares(used)
    bound, only = _one_sided(used, shares, slo)
    if only is not None:
        return Estimate(bound, only, math.inf, math.inf, 1.0, against, None)
    crossing = share_crossing(shares, slo.share_over, np.random.default_rng(SEED))
    low, point, high = crossing.interval.low, crossing.interval.point, crossing.interval.high
    telling = crossing.fitted < 0.5
    return Estimate(
        bound=Bound.RANGE,
        interval=Interval(math.exp(low), math.exp(point), math.exp(high)),
        half_width=math.exp((high - low) / 2) - 1,
        drawn_half_width=math.exp((crossing.drawn_high - crossing.drawn_low) / 2) - 1,
        dispersion=crossing.dispersion,
        contradiction=against,
        order=order_effect(shares.positions, shares.shares - crossing.fitted, telling),
    )


def _shares(probes: Sequence[ProbeResult]) -> Shares:
    unstable = np.array([probe.unstable for probe in probes], bool)
    return Shares(
        positions=_floats([math.log(probe.rate_per_s) for probe in probes]),
        shares=np.where(unstable, 1.0, _floats([probe.share_over for probe in probes])),
        counted=_floats([probe.counted for probe in probes]),
        effective_n=_floats([probe.effective_n for probe in probes]),
        certain=unstable,
    )


def _one_sided(probes: Sequence[ProbeResult], shares: Shares, slo: Slo) -> tuple[Bound, Interval | None]:
    """The bound where the fit lies all under or all over the limit."""
    replicates = Replicates.of(shares.positions, shares.counted)
    fit = replicates.fit(replicates.means(shares.shares))
    rates = [probe.rate_per_s for probe in probes]
    if fit.values[0] > slo.share_over:
        return Bound.NONE, Interval(0.0, 0.0, min(rates))
    if fit.values[-1] <= slo.share_over:
        return Bound.AT_LEAST, Interval(max(rates), max(rates), math.inf)
    return Bound.RANGE, None


def _floats(values: Sequence[float]) -> Samples:
    return np.array(values, np.float64)
