"""What one replica does at a rate: percentiles by simulation, repeated with other random numbers, and its capacity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.observations import LIST
from bench.analysis.plan.queue import BatchLimits, Mix, Ns, simulate
from bench.analysis.plan.service_times import ServiceTimes
from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.samples import Interval

SETTLING_SHARE = 0.2
"""Of a simulation, as of a measured block: served and not counted."""
SCANNED_SHARES = (0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the highest load: rates that are tried first. At the lowest hardly anybody waits for another; but where batches
wait to be filled, a limit may be kept at higher rates alone."""
HIGHEST_LOAD = 0.98
"""A simulation that is busier sees too little of its queue to say anything of its tail."""
PRECISION = 1.005
NS_PER_MS, NS_PER_S = 1e6, 1e9

Draw = Callable[[int, float, int], Ns]
"""(requests, rate per second, number of the random stream) → when they are due: the scenario's arrivals at any rate."""


@dataclass(frozen=True)
class Replica:
    """One recommender with its queue. servers: workers that share the queue. mix: what it is asked."""

    service: ServiceTimes
    limits: BatchLimits = BatchLimits()
    mix: Mix = Mix()
    servers: int = 1

    @property
    def most_per_s(self) -> float:
        """Requests of its mix that it can do when it is never idle."""
        lists_ns = NS_PER_S / self._batched().most_per_s
        share = 1.0 - self.mix.feedback - self.mix.ingest
        mean_ns = share * lists_ns + self.mix.feedback * self._mean_ns(self.service.feedback_ns)
        return self.servers * NS_PER_S / (mean_ns + self.mix.ingest * self._mean_ns(self.service.ingest_ns))

    @property
    def ingest_s(self) -> float:
        """Mean time of one ingest; 0 where none was measured."""
        return self._mean_ns(self.service.ingest_ns) / NS_PER_S

    def _batched(self) -> ServiceTimes:
        """The service times of the batches that the limits allow."""
        rows = self.limits.max_requests + 1
        return replace(self.service, busy_ns=self.service.busy_ns[:rows], idle_ns=self.service.idle_ns[:rows])

    @staticmethod
    def _mean_ns(table_ns: npt.NDArray[np.float64] | None) -> float:
        return 0.0 if table_ns is None else float(table_ns.mean())


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated: so many requests, so many times."""

    requests: int = 20_000
    repetitions: int = 5
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Predicted:
    """Of requests for a list, in ms, with the 95 % Monte Carlo interval of the mean over repetitions."""

    p50_ms: Interval
    tail_ms: Interval


def predict(replica: Replica, draw: Draw, rate_per_s: float, p: float, effort: Effort) -> Predicted:
    """Percentiles at a rate, each repetition with arrivals, kinds and service times of its own.

    Repetitions have the same random numbers at every rate, so that neighbouring rates differ by the rate alone.
    """
    runs = []
    for number in range(effort.repetitions):
        rng = np.random.default_rng([effort.seed, number])
        intended_ns = draw(effort.requests, rate_per_s, number)
        kinds = replica.mix.draw(len(intended_ns), rng)
        runs.append(_percentiles_ms(replica, intended_ns, kinds, p, rng))
    return _summed_up(runs)


def predict_schedule(
    replica: Replica, intended_ns: Ns, kinds: npt.NDArray[np.int8], p: float, effort: Effort
) -> Predicted:
    """Percentiles on one schedule, known before it is served: repetitions differ in their service times alone."""
    rngs = [np.random.default_rng([effort.seed, number]) for number in range(effort.repetitions)]
    return _summed_up([_percentiles_ms(replica, intended_ns, kinds, p, rng) for rng in rngs])


def capacity_per_s(replica: Replica, draw: Draw, slo: Slo, effort: Effort) -> float:
    """The highest rate at which the percentile keeps the limit, by bisection to half a percent.

    0 where none of SCANNED_SHARES keeps it.
    """
    rates_per_s = [share * HIGHEST_LOAD * replica.most_per_s for share in SCANNED_SHARES]

    def keeps(rate_per_s: float) -> bool:
        return predict(replica, draw, rate_per_s, slo.p, effort).tail_ms.point <= slo.limit_ms

    place = next((place for place in range(len(rates_per_s))[::-1] if keeps(rates_per_s[place])), None)
    if place is None:
        return 0.0
    if place == len(rates_per_s) - 1:
        return rates_per_s[-1]
    low, high = rates_per_s[place : place + 2]
    while high / low > PRECISION:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def _percentiles_ms(
    replica: Replica, intended_ns: Ns, kinds: npt.NDArray[np.int8], p: float, rng: np.random.Generator
) -> tuple[float, float]:
    response_ns = simulate(intended_ns, kinds, replica.service, replica.limits, replica.servers, rng)
    counted = (kinds == LIST) & (np.arange(len(kinds)) >= SETTLING_SHARE * len(kinds))
    response_ms = response_ns[counted] / NS_PER_MS
    return quantile(response_ms, 0.5), quantile(response_ms, p)


def _summed_up(runs: Sequence[tuple[float, float]]) -> Predicted:
    medians, tails = np.array(runs).T
    return Predicted(_mean(medians), _mean(tails))


def _mean(values: npt.NDArray[np.float64]) -> Interval:
    """The mean with its t interval; without a second repetition it has no bounds."""
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Interval(-math.inf, mean, math.inf)
    half = float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))
    return Interval(mean - half, mean, mean + half)
