"""Does a system keep up with what it is offered: what waits at the end, and whether waits still grow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.samples import Samples, as_finite
from bench.analysis.stats.trend import Trend, monotone_trend, segment_means

LAG_SHARE = 0.02
"""A system that has answered less than 98 % of what has come, beyond what is in flight anyway, does not keep up."""
LAG_REQUESTS = 4
"""Requests that may be in the system at the last arrival by chance."""

_FEWEST_SEGMENTS, _MOST_SEGMENTS = 8, 20
_RELAXATIONS_A_SEGMENT = 5.0

Times = npt.NDArray[np.int64]


def falls_behind(intended_ns: Times, ended_ns: Times, answered: npt.NDArray[np.bool_], service_ns: float) -> bool:
    """Whether more requests are unanswered at the last arrival than 2 % of all and those in flight without a queue.

    Arrays [n], one row a request. service_ns: what a request takes alone, waiting left out; with the rate of arrivals
    it gives those in flight (Little's law).
    """
    last_ns, n = int(intended_ns.max()), intended_ns.size
    waiting = int(((ended_ns > last_ns) | ~answered).sum())
    span_ns = max(last_ns - int(intended_ns.min()), 1)
    in_flight = service_ns * (n - 1) / span_ns
    return bool(waiting > LAG_SHARE * n + in_flight + LAG_REQUESTS)


def growth(waits: npt.ArrayLike, relaxations: float) -> Trend:
    """Return the trend of waits (or response times), finite and in the order of arrival, over their whole length.

    The slope's unit is that of the waits: what they grow by from the first to the last. relaxations: how many
    relaxation times of the queue they span; segments are means over five of them, between 8 and 20 segments, so that
    they are nearly independent. Raises TooFewSamples under 8 waits.
    """
    values: Samples = as_finite(waits)
    segments = int(np.clip(relaxations / _RELAXATIONS_A_SEGMENT, _FEWEST_SEGMENTS, _MOST_SEGMENTS))
    places = np.arange(segments) / segments
    return monotone_trend(segment_means(values, segments), places)
