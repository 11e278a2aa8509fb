"""One server with a known law of service, probed as `capacity` does: exact, in virtual time, and fast."""

import numpy as np

from bench.analysis.capacity.judgement import Offered, Stamps, judge
from bench.analysis.capacity.slo import Slo

SERVICE_S = 0.005
OFFLINE_PER_S = 1 / SERVICE_S
SETTLING = 0.2
P99_50_MS = Slo("p99", 50.0)
FIXED, EXPONENTIAL = "fixed", "exponential"


def arrivals_ns(requests, rate_per_s, rng):
    """Poisson arrivals; without a generator constant ones."""
    gaps_s = np.full(requests, 1 / rate_per_s) if rng is None else rng.exponential(1 / rate_per_s, requests)
    return np.rint(np.cumsum(gaps_s) * 1e9).astype(np.int64)


def ends_ns(intended_ns, service_ns):
    """When each request of a single server ends: Lindley's recursion, end = service + max(arrival, last end)."""
    served_ns = np.cumsum(service_ns)
    return served_ns + np.maximum.accumulate(intended_ns - np.concatenate([[0], served_ns[:-1]]))


def stamps_of(intended_ns, ended_ns, service_ns):
    n = len(intended_ns)
    return Stamps(intended_ns, ended_ns, service_ns, np.ones(n, bool), np.arange(n) >= SETTLING * n)


class KnownQueue:
    """A probe. law: of service; root: of all random streams; spoil(rate, service_ns): a fault at some rates.

    is_constant: arrivals one period apart. servers_unlimited: nobody ever waits. calls: (rate, requests, number).
    """

    def __init__(self, law=FIXED, root=0, slo=P99_50_MS, is_constant=False, servers_unlimited=False, spoil=None):
        self.law, self.root, self.slo = law, root, slo
        self.is_constant, self.servers_unlimited, self.spoil = is_constant, servers_unlimited, spoil
        self.calls = []

    def __call__(self, rate_per_s, requests, number):
        self.calls.append((rate_per_s, requests, number))
        rng = np.random.default_rng([self.root, number, round(1000 * rate_per_s)])
        intended_ns = arrivals_ns(requests, rate_per_s, None if self.is_constant else rng)
        service_s = np.full(requests, SERVICE_S) if self.law == FIXED else rng.exponential(SERVICE_S, requests)
        service_ns = np.rint(service_s * 1e9).astype(np.int64)
        if self.spoil:
            service_ns = self.spoil(rate_per_s, service_ns)
        ended_ns = intended_ns + service_ns if self.servers_unlimited else ends_ns(intended_ns, service_ns)
        return judge(stamps_of(intended_ns, ended_ns, service_ns), Offered(rate_per_s, number, OFFLINE_PER_S), self.slo)
