"""Means over users and their paired differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analysis.stats.samples import TooFewSamples
from bench.analysis.stats.users import mean_over_users, paired_mean_difference


def test_interval_agrees_with_the_standard_error_of_many_users() -> None:
    recall = np.random.default_rng(0).beta(0.3, 8.0, 5000)
    interval = mean_over_users(recall, np.random.default_rng(1))
    error = recall.std(ddof=1) / math.sqrt(5000)
    assert interval.point == pytest.approx(recall.mean())
    assert interval.width == pytest.approx(2 * 1.96 * error, rel=0.12)


def test_pairing_by_user_takes_out_what_users_differ_in() -> None:
    rng = np.random.default_rng(0)
    base = rng.beta(0.3, 3.0, 2000)
    head = base + rng.normal(0.004, 0.01, 2000)
    paired = paired_mean_difference(base, head, np.random.default_rng(1))
    shuffled = paired_mean_difference(base, rng.permutation(head), np.random.default_rng(1))
    assert paired.low > 0.0
    assert shuffled.low < 0.0
    assert paired.point == pytest.approx(shuffled.point)


def test_equal_arms_differ_by_exactly_nothing() -> None:
    scores = np.random.default_rng(0).random(100)
    interval = paired_mean_difference(scores, scores, np.random.default_rng(0))
    assert (interval.low, interval.point, interval.high) == (0.0, 0.0, 0.0)


def test_same_seed_same_interval() -> None:
    scores = np.random.default_rng(0).random(50)
    assert mean_over_users(scores, np.random.default_rng(5)) == mean_over_users(scores, np.random.default_rng(5))


def test_edges() -> None:
    alone = mean_over_users([0.25], np.random.default_rng(0))
    assert (alone.low, alone.point, alone.high) == (-math.inf, 0.25, math.inf)
    with pytest.raises(TooFewSamples):
        mean_over_users([], np.random.default_rng(0))
    with pytest.raises(ValueError, match="same users"):
        paired_mean_difference([0.1, 0.2], [0.1], np.random.default_rng(0))
    with pytest.raises(ValueError, match="NaN"):
        mean_over_users([0.1, math.nan], np.random.default_rng(0))
