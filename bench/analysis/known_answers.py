"""What was measured of a known queue, each number with the interval in which the known answer must lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.known_queue import MS_PER_S, KnownQueue, Observed, PeerObserved
from bench.analysis.stats.agreement import joint_interval
from bench.analysis.stats.batch_means import mean_response_interval
from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import percentile_interval, quantile
from bench.analysis.stats.samples import Interval

TAIL = 0.9
"""The percentile that is compared with theory: the highest that a minute of a busy queue carries."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """name: with the unit. expected: inf where a queue that was served too slowly has no steady state.

    low, high: 95 % bounds around what was measured; -inf or inf where there is none.
    """

    name: str
    measured: float
    expected: float
    low: float
    high: float

    @property
    def ok(self) -> bool:
        """Whether the known answer lies within the bounds, and exists."""
        return math.isfinite(self.expected) and self.low <= self.expected <= self.high


def against_theory(queue: KnownQueue, observed: Observed) -> list[KnownAnswer]:
    """Mean and p90 of the response times, once settled, against theory at the measured mean service time.

    The bounds are those of the response times; that the service time was measured too makes them, if anything, wide:
    slow services make slow responses, on both sides of the comparison.
    """
    response_ms = observed.response_ms[observed.settled :]
    mean, tail = mean_response_interval(response_ms), _percentile(response_ms, TAIL)
    expected_mean = expected_tail = math.inf
    mean_service_s = float(observed.service_ms[observed.settled :].mean()) / MS_PER_S
    if queue.rate_per_s * mean_service_s < 1.0:
        theory = queue.theory(mean_service_s)
        expected_mean = MS_PER_S * theory.mean_response_s
        expected_tail = MS_PER_S * theory.response_quantile_s(TAIL)
    return [
        _answer(f"mean ms of {queue.name}", mean, expected_mean),
        _answer(f"p{100 * TAIL:g} ms of {queue.name}", tail, expected_tail),
    ]


def against_peer(peer: str, queue: KnownQueue, observed: Observed, theirs: PeerObserved) -> list[KnownAnswer]:
    """The same queue under both: each percentile that the peer states, within the joint interval of two measurements.

    Both count every request, from an empty queue on.
    """
    answers = []
    for p, stated_ms in theirs.printed_ms.items():
        bounds = joint_interval(_percentile(observed.response_ms, p), _percentile(theirs.response_ms, p))
        answers.append(_answer(f"{peer} p{100 * p:g} ms of {queue.name}", bounds, stated_ms))
    return answers


def restated(peer: str, theirs: PeerObserved) -> list[KnownAnswer]:
    """The percentiles of the peer's own latencies as they are stated here, against those that it printed.

    They are the same to the ns; only where np is whole may it take the next higher value than x(⌈np⌉), as LoadGen does:
    any value between the two is a p-quantile.
    """
    ordered = np.sort(theirs.response_ms)
    answers = []
    for p, stated_ms in theirs.printed_ms.items():
        ours = quantile(ordered, p)
        next_higher = float(ordered[min(math.floor(p * ordered.size), ordered.size - 1)])
        answers.append(_answer(f"{peer} p{100 * p:g} ms restated", Interval(ours, ours, next_higher), stated_ms))
    return answers


def _percentile(response_ms: npt.NDArray[np.float64], p: float) -> Interval:
    return percentile_interval(response_ms, p, effective_n=effective_sample_size([response_ms], p))


def _answer(name: str, interval: Interval, expected: float) -> KnownAnswer:
    return KnownAnswer(name, interval.point, expected, interval.low, interval.high)
