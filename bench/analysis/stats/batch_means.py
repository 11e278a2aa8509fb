"""The mean of response times behind a queue, with an interval: one long run cut into a few long batches."""

from __future__ import annotations

import math

import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import Interval
from bench.analysis.stats.trend import segment_means

BATCHES = 6
"""Few and long: each has to last many relaxation times, or neighbours depend on each other."""


def mean_response_interval(values: npt.ArrayLike, *, batches: int = BATCHES, level: float = 0.95) -> Interval:
    """Return the mean of positive, finite values [n] in time order, with Student's interval over the batches' means.

    The interval is formed for the reciprocal of the mean and carried back: [m / (1 + h), m / (1 - h)] where m · (1 ± h)
    would be the usual one; inf above where h ≥ 1. In a busy queue the standard error of the mean grows like the mean's
    square (both through 1 - ρ: Whitt, Planning Queueing Simulations, Management Science 1989), so that a run which saw
    too short a queue also believes itself too exact; the reciprocal's error is constant. Over 3,000 runs of M/D/1 at
    ρ = 0.8 and 117 relaxation times this covers 94.3 %, the usual interval 93.5 %, and with ten batches 93.7 and 93.1.
    Raises TooFewSamples with fewer values than batches, ValueError where one is not finite or under two batches.
    """
    if batches < 2:
        raise ValueError(f"batches must be at least 2, not {batches}; one mean has no spread")
    means = segment_means(values, batches)
    mean = float(means.mean())
    if not mean > 0.0:
        raise ValueError(f"the mean response time is {mean}; response times are positive")
    error = float(means.std(ddof=1)) / math.sqrt(batches)
    reach = float(stats.t.ppf((1.0 + level) / 2.0, batches - 1)) * error / mean
    return Interval(mean / (1.0 + reach), mean, mean / (1.0 - reach) if reach < 1.0 else math.inf)
