"""Means of quality over users, with intervals from resampling the users: quality is paired by user, not by request."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import Interval, Samples, TooFewSamples, as_finite

_VALUES_AT_ONCE = 2_000_000


def mean_over_users(
    values: npt.ArrayLike, rng: np.random.Generator, *, resamples: int = 1000, level: float = 0.95
) -> Interval:
    """Return the mean of one finite value a user [users] with its bootstrap percentile interval.

    A failed request's user scores 0 before this, a user without targets is left out. One user has no interval: its
    bounds are -inf and inf. Raises TooFewSamples without a user.
    """
    scores = as_finite(values)
    if scores.size == 0:
        raise TooFewSamples("a mean over users", 0, 1)
    mean = float(scores.mean())
    if scores.size == 1:
        return Interval(-math.inf, mean, math.inf)
    result = stats.bootstrap(
        (scores,),
        _mean,
        n_resamples=resamples,
        batch=max(1, _VALUES_AT_ONCE // scores.size),
        confidence_level=level,
        method="percentile",
        rng=rng,
    )
    return Interval(float(result.confidence_interval.low), mean, float(result.confidence_interval.high))


def paired_mean_difference(
    base: npt.ArrayLike, head: npt.ArrayLike, rng: np.random.Generator, *, resamples: int = 1000, level: float = 0.95
) -> Interval:
    """Return the mean of head - base over the same users, [users] each in the same order, drawn as pairs.

    Raises ValueError where the arms hold different numbers of users, TooFewSamples without one.
    """
    base_scores, head_scores = as_finite(base), as_finite(head)
    if base_scores.size != head_scores.size:
        raise ValueError(f"{base_scores.size} users against {head_scores.size}; score both arms on the same users")
    return mean_over_users(head_scores - base_scores, rng, resamples=resamples, level=level)


def _mean(scores: Samples, axis: int) -> Samples:
    return np.asarray(scores.mean(axis=axis))
