"""From the stamps of one probe to pass, fail or unresolved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.capacity.probe_result import ProbeResult, Verdict
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.backlog import falls_behind, growth
from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import percentile_interval, quantile
from bench.analysis.stats.queueing import relaxation_s
from bench.analysis.stats.samples import Interval, Samples, TooFewSamples
from bench.quantities import interval, quantity

NS_PER_MS, NS_PER_S = 1e6, 1e9
RISING_P = 0.001
"""A trend must be this unlikely by chance: one false alarm in a search of 24 probes costs it far more than 5 %."""
RISING_SHARE = 0.1
"""… and material: what it adds over a probe is a tenth of the limit, so ten more such probes would leave it."""
LOST_SHARE = 0.99
"""From this share of the offline throughput on the relaxation time is taken as at it: at 1 it is infinite."""


@dataclass(frozen=True)
class Stamps:
    """One probe as it went, one row a request, [n]. Times in ns from one origin.

    service_ns: from taking a request to its answer, waiting in a batch left out. counted: those that are judged: lists,
    after the queue has settled.
    """

    intended_ns: npt.NDArray[np.int64]
    ended_ns: npt.NDArray[np.int64]
    service_ns: npt.NDArray[np.int64]
    answered: npt.NDArray[np.bool_]
    counted: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Offered:
    """What a probe asked. offline_per_s: the most the system can answer, which tells how long its queue remembers.

    rate_per_s 0: one request after another, nothing ever waits.
    """

    rate_per_s: float
    seed: int
    offline_per_s: float


def judge(stamps: Stamps, offered: Offered, slo: Slo) -> ProbeResult:
    """What a probe shows: fail where it does not keep up or its percentile's interval lies over the limit.

    Pass where the whole interval lies under it. Without a single counted request that was answered it fails.
    """
    response_ms = _response_ms(stamps)
    tail, effective_n = _tail(response_ms, slo.p)
    growth_ms, is_rising = _rising(response_ms, stamps, offered, slo)
    behind = offered.rate_per_s > 0 and falls_behind(
        stamps.intended_ns, stamps.ended_ns, stamps.answered, float(np.median(stamps.service_ns))
    )
    verdict, reason = _verdict(tail, slo)
    if behind or is_rising:
        verdict, reason = Verdict.FAIL, _why_unstable(stamps, growth_ms, behind)
    lasted_s = float(stamps.ended_ns.max() - stamps.intended_ns.min()) / NS_PER_S
    return ProbeResult(
        rate_per_s=offered.rate_per_s,
        seed=offered.seed,
        requests=stamps.intended_ns.size,
        counted=response_ms.size,
        achieved_per_s=float(stamps.answered.sum()) / max(lasted_s, 1e-9),
        p50_ms=quantile(response_ms, 0.5),
        tail=tail,
        share_over=float((response_ms > slo.limit_ms).mean()),
        effective_n=effective_n,
        growth_ms=growth_ms,
        unstable=behind or is_rising,
        verdict=verdict,
        reason=reason,
        lasted_s=lasted_s,
    )


def _response_ms(stamps: Stamps) -> Samples:
    """Response times of the counted requests from their intended time, +inf without an answer."""
    response_ms = (stamps.ended_ns - stamps.intended_ns) / NS_PER_MS
    return np.where(stamps.answered, response_ms, np.inf)[stamps.counted]


def _tail(response_ms: Samples, p: float) -> tuple[Interval, float]:
    """The percentile with its interval at the effective sample size; unbounded where the requests do not owe it."""
    effective_n = effective_sample_size([response_ms], p)
    try:
        return percentile_interval(response_ms, p, effective_n=effective_n), effective_n
    except TooFewSamples:
        return Interval(-math.inf, quantile(response_ms, p), math.inf), effective_n


def _rising(response_ms: Samples, stamps: Stamps, offered: Offered, slo: Slo) -> tuple[float, bool]:
    """By how many ms response times grew over the probe, and whether that is a backlog that has no end."""
    finite = response_ms[np.isfinite(response_ms)]
    if offered.rate_per_s == 0:
        return 0.0, False
    load = min(offered.rate_per_s, LOST_SHARE * offered.offline_per_s)
    span_s = float(np.ptp(stamps.intended_ns[stamps.counted])) / NS_PER_S
    try:
        trend = growth(finite, span_s / relaxation_s(load, 1.0 / offered.offline_per_s))
    except TooFewSamples:
        return 0.0, False
    material = trend.slope.point > RISING_SHARE * slo.limit_ms
    return trend.slope.point, material and trend.p_rising < RISING_P


def _verdict(tail: Interval, slo: Slo) -> tuple[Verdict, str]:
    written = f"{slo.name} {quantity(tail.point, 'ms')} {interval(tail.low, tail.high)}"
    if tail.low > slo.limit_ms:
        return Verdict.FAIL, f"{written} lies over the limit"
    if tail.high <= slo.limit_ms:
        return Verdict.PASS, f"{written} lies under the limit"
    return Verdict.UNRESOLVED, f"{written} holds the limit"


def _why_unstable(stamps: Stamps, growth_ms: float, behind: bool) -> str:
    if not behind:
        return f"still rising: response times grew by {quantity(growth_ms, 'ms')} over the probe"
    last_ns = stamps.intended_ns.max()
    in_time = float((stamps.answered & (stamps.ended_ns <= last_ns)).mean())
    return f"falls behind: {quantity(100 * in_time, '%')} answered when the last request came"
