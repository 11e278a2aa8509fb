"""What a search may use, and how long its probes are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.capacity.probe_result import ProbeResult
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.quantile import minimum_n
from bench.measure.slices import SETTLING_SHARE
from bench.traffic.arrivals import rounded_rate

SPARE = 1.3
"""A short probe has so many times the requests that its percentile takes at least, settling ones included."""
FEWEST_REQUESTS = 200
LONGEST = 20
"""A long probe has at most so many times the requests of a short one, or those that the queue's memory asks for."""
RELAXATIONS_SHARE = 6.0
"""Near the limit a queue remembers about (limit × throughput)² / 5 requests; so many times the square is 30 of them."""
CONFIRMING = 4
"""The confirming run is as long as so many long probes."""
DIGITS = 3
"""Of a rate: people read them."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search starts from and when it ends.

    first_per_s: rate of the first probe. offline_per_s: answers a second with all requests at once. tolerance: the
    interval is narrow enough at ± this ratio. probes, budget_s: at most so many probes and seconds of load, None = any.
    probe_s: length of a probe near the capacity. hopeless: the limit is not kept even where nothing waits.
    """

    slo: Slo
    first_per_s: float
    offline_per_s: float
    tolerance: float = 0.05
    probes: int = 24
    budget_s: float | None = None
    probe_s: float = 30.0
    hopeless: bool = False

    @property
    def short_requests(self) -> int:
        """Requests of a probe that looks for the bracket."""
        return short_requests(self.slo)

    def long_requests(self, rate_per_s: float) -> int:
        """Requests of a probe that measures near the capacity."""
        memory = RELAXATIONS_SHARE * (self.slo.limit_ms / 1000 * self.offline_per_s) ** 2
        most = max(LONGEST * self.short_requests, memory)
        return math.ceil(max(self.short_requests, min(most, self.probe_s * rate_per_s)))

    def on_grid(self, rate_per_s: float) -> float:
        """The nearest rate of a geometric grid around the first, so that probes repeat rates; three digits."""
        step = math.log1p(self.tolerance / 2)
        places = round(math.log(rate_per_s / self.first_per_s) / step)
        return readable_rate(self.first_per_s * math.exp(places * step))

    def allows(self, made: Sequence[ProbeResult], rate_per_s: float, requests: int) -> bool:
        """Whether one more probe of so many requests at this rate is within the budget."""
        if len(made) >= self.probes:
            return False
        spent_s = sum(probe.lasted_s for probe in made)
        return self.budget_s is None or spent_s + requests / rate_per_s <= self.budget_s


def short_requests(slo: Slo) -> int:
    """Requests of a probe whose percentile just has an interval, with a little to spare."""
    return max(FEWEST_REQUESTS, math.ceil(SPARE * minimum_n(slo.p) / (1 - SETTLING_SHARE)))


def readable_rate(rate_per_s: float) -> float:
    """To three significant digits."""
    return rounded_rate(float(f"{rate_per_s:.{DIGITS}g}"))
