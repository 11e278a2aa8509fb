"""Queues with known answers: what a correct load generator and recorder must measure. One server, FIFO.

λ = arrivals per second, D or 1/μ = mean service time in s, ρ = λ/μ. Wait = start of service - arrival; response = wait
+ service. All means and quantiles are those of the steady state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext

from bench.analysis.stats.samples import require_share


@dataclass(frozen=True, slots=True)
class _Queue:
    """Arrival rate and mean service time; raises ValueError where one is not positive."""

    arrivals_per_s: float
    service_s: float

    def __post_init__(self) -> None:
        if not (self.arrivals_per_s > 0.0 and self.service_s > 0.0):
            raise ValueError(
                f"arrivals_per_s and service_s must be positive, not {self.arrivals_per_s} and {self.service_s}"
            )

    @property
    def utilisation(self) -> float:
        """ρ = λ/μ, the share of time that a server able to keep up is busy."""
        return self.arrivals_per_s * self.service_s


@dataclass(frozen=True, slots=True)
class _StableQueue(_Queue):
    """A queue with a steady state; raises ValueError at ρ ≥ 1."""

    def __post_init__(self) -> None:
        _Queue.__post_init__(self)
        if self.utilisation >= 1.0:
            raise ValueError(f"utilisation {self.utilisation:g} is not under 1; this queue has no steady state")


@dataclass(frozen=True, slots=True)
class MM1(_StableQueue):
    """Poisson arrivals, exponential service (Kleinrock, Queueing Systems I, §3.2 and §5.12)."""

    @property
    def mean_wait_s(self) -> float:
        """ρ / (μ - λ)."""
        return self.utilisation * self.mean_response_s

    @property
    def mean_response_s(self) -> float:
        """1 / (μ - λ)."""
        return self.service_s / (1.0 - self.utilisation)

    def wait_quantile_s(self, p: float) -> float:
        """Return t with P(wait ≤ t) = 1 - ρ exp(-(μ-λ)t) = p; 0 where p ≤ 1-ρ, the share that never waits."""
        require_share("p", p)
        return max(0.0, self.mean_response_s * math.log(self.utilisation / (1.0 - p)))

    def response_quantile_s(self, p: float) -> float:
        """Return -ln(1-p) / (μ - λ): the response time is exponential."""
        require_share("p", p)
        return -math.log1p(-p) * self.mean_response_s

    @property
    def relaxation_s(self) -> float:
        """Time constant with which the queue forgets how it started."""
        return relaxation_s(self.arrivals_per_s, self.service_s)


@dataclass(frozen=True, slots=True)
class MD1(_StableQueue):
    """Poisson arrivals, constant service."""

    @property
    def mean_wait_s(self) -> float:
        """ρD / (2(1-ρ)), half of M/M/1's."""
        return mg1_mean_wait_s(self.arrivals_per_s, self.service_s, self.service_s**2)

    @property
    def mean_response_s(self) -> float:
        """Mean wait + D."""
        return self.mean_wait_s + self.service_s

    def wait_cdf(self, t_s: float) -> float:
        """Return P(wait ≤ t) by Erlang's series (Erlang 1909; Iversen & Staalhagen, Teletraffic 1999).

        (1-ρ) Σ_{j ≤ t/D} (-λ(t-jD))^j / j! · exp(λ(t-jD)). The terms alternate and grow like exp(λt), so they are added
        as decimals with enough digits for what cancels: floats lose everything near λt = 36.
        """
        if t_s < 0.0:
            return 0.0
        with localcontext() as context:
            context.prec = 40 + math.ceil(self.arrivals_per_s * t_s)
            rate, service, t = Decimal(self.arrivals_per_s), Decimal(self.service_s), Decimal(t_s)
            total = Decimal(0)
            for j in range(int(t / service) + 1):
                load = rate * (t - j * service)
                power = Decimal(1) if j == 0 else (-load) ** j
                total += power / math.factorial(j) * load.exp()
            return float((1 - rate * service) * total)

    def wait_quantile_s(self, p: float) -> float:
        """Return t with P(wait ≤ t) = p, to 10⁻¹² of the service time; 0 where p ≤ 1-ρ."""
        require_share("p", p)
        if p <= self.wait_cdf(0.0):
            return 0.0
        low, high = 0.0, self.service_s
        while self.wait_cdf(high) < p:
            low, high = high, 2.0 * high
        while high - low > 1e-12 * self.service_s and low < (middle := (low + high) / 2.0) < high:
            low, high = (middle, high) if self.wait_cdf(middle) < p else (low, middle)
        return high

    def response_quantile_s(self, p: float) -> float:
        """Return the wait's quantile + D."""
        return self.wait_quantile_s(p) + self.service_s


@dataclass(frozen=True, slots=True)
class DD1(_Queue):
    """Constant gaps, constant service, empty at the start: nobody waits up to ρ = 1, beyond it the wait grows."""

    def wait_s(self, position: int) -> float:
        """Return the wait of the request at this position, counted from 0: position · max(0, D - 1/λ)."""
        return position * max(0.0, self.service_s - 1.0 / self.arrivals_per_s)

    def response_s(self, position: int) -> float:
        """Return wait + D of the request at this position, counted from 0."""
        return self.wait_s(position) + self.service_s


def mg1_mean_wait_s(arrivals_per_s: float, service_mean_s: float, service_second_moment_s2: float) -> float:
    """Return λ E[S²] / (2(1-ρ)), the mean wait with Poisson arrivals and any service (Pollaczek–Khinchine).

    A two-point service of a or b seconds has E[S²] = P(a) a² + P(b) b². Raises ValueError at ρ ≥ 1.
    """
    queue = _StableQueue(arrivals_per_s, service_mean_s)
    if service_second_moment_s2 < service_mean_s**2 * (1.0 - 1e-12):
        raise ValueError(f"a second moment of {service_second_moment_s2} is under the squared mean {service_mean_s**2}")
    return arrivals_per_s * service_second_moment_s2 / (2.0 * (1.0 - queue.utilisation))


def relaxation_s(arrivals_per_s: float, service_s: float) -> float:
    """Return 1 / (μ(1-√ρ)²) s, the slowest time constant of M/M/1: its spectral gap is (√μ - √λ)².

    (Morse, Queues, Inventories and Maintenance, 1958, ch. 6; Abate & Whitt, Queueing Systems 2, 1987.) Longer than that
    of queues with steadier service, so safe for settling times; at ρ = 0.8 it is 90 service times. ValueError at ρ ≥ 1.
    """
    queue = _StableQueue(arrivals_per_s, service_s)
    return service_s / (1.0 - math.sqrt(queue.utilisation)) ** 2
