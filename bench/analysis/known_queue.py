"""Queues whose answers are known: Poisson arrivals, one server, first come first served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.queueing import MD1, MM1, relaxation_s

MS_PER_S = 1_000.0
NS_PER_S = 1_000_000_000
RELAXATIONS = 5.0
"""Time constants of a queue after which its start is forgotten."""


@dataclass(frozen=True, slots=True)
class KnownQueue:
    """law: of the service times. utilisation: share of time the server is busy. requests: how many are served."""

    law: Literal["fixed", "exponential"]
    utilisation: float
    service_ms: float
    requests: int

    @property
    def name(self) -> str:
        """In Kendall's notation, with its utilisation: `M/D/1 at 0.5`."""
        return f"{'M/D/1' if self.law == 'fixed' else 'M/M/1'} at {self.utilisation:g}"

    @property
    def rate_per_s(self) -> float:
        """Arrivals a second."""
        return self.utilisation * MS_PER_S / self.service_ms

    def settled(self, intended_ns: npt.NDArray[np.int64]) -> int:
        """Requests due within five relaxation times from the start, when the queue was empty."""
        settle_s = RELAXATIONS * relaxation_s(self.rate_per_s, self.service_ms / MS_PER_S)
        return int(np.searchsorted(intended_ns, settle_s * NS_PER_S))

    def theory(self, service_s: float) -> MD1 | MM1:
        """The queue with this mean service time. Raises ValueError where its server cannot keep up."""
        return (MD1 if self.law == "fixed" else MM1)(self.rate_per_s, service_s)


@dataclass(frozen=True)
class Observed:
    """What was measured of every request of a queue, in order: float64 [n] ms.

    settled: how many came before the queue had settled; they do not count for its steady state.
    """

    response_ms: npt.NDArray[np.float64]
    service_ms: npt.NDArray[np.float64]
    settled: int


@dataclass(frozen=True)
class PeerObserved:
    """What another load generator says of the same queue.

    response_ms: every latency, float64 [n], in order. printed_ms: the percentiles that it states, by share.
    """

    response_ms: npt.NDArray[np.float64]
    printed_ms: dict[float, float]
