"""Mann–Kendall and Theil–Sen against their formulas and planted trends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bench.analysis.stats.samples import TooFewSamples
from bench.analysis.stats.trend import monotone_trend, segment_means


def test_p_value_with_ties_is_mann_kendalls() -> None:
    """S = Σ sign(x_j - x_i) over i < j; var S = (n(n-1)(2n+5) - Σ t(t-1)(2t+5)) / 18 over groups of t ties."""
    values = np.array([3, 1, 4, 4, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9], dtype=float)
    n = values.size
    s = sum(np.sign(values[j] - values[i]) for i in range(n) for j in range(i + 1, n))
    ties = np.unique(values, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    trend = monotone_trend(values)
    assert trend.p_rising == pytest.approx(float(stats.norm.sf(s / math.sqrt(variance))), rel=1e-9)
    assert trend.p_rising + trend.p_falling == pytest.approx(1.0)


def test_without_ties_few_values_are_exact() -> None:
    assert monotone_trend([1.0, 2.0, 3.0, 4.0]).p_rising == pytest.approx(1 / math.factorial(4))


def test_slope_is_the_median_slope_and_shrugs_off_one_outlier() -> None:
    values = 2.0 + 0.5 * np.arange(20.0)
    values[11] = 1e6
    trend = monotone_trend(values, np.arange(20.0) * 10.0)
    assert trend.slope.point == pytest.approx(0.05)
    assert trend.p_rising < 1e-6 and trend.p_falling > 0.999


def test_a_growing_backlog_is_told_from_a_noisy_level_one() -> None:
    rng = np.random.default_rng(0)
    level = rng.poisson(8.0, 1000)
    growing = level + np.arange(1000) * 0.01
    assert monotone_trend(segment_means(growing, 10)).p_rising < 0.001
    assert monotone_trend(segment_means(level, 10)).p_rising > 0.01


def test_false_alarms_come_as_often_as_stated() -> None:
    alarms = [monotone_trend(np.random.default_rng(seed).random(10)).p_rising <= 0.05 for seed in range(600)]
    assert 0.02 < np.mean(alarms) < 0.075


def test_a_constant_series_has_no_trend() -> None:
    trend = monotone_trend([4.0] * 8)
    assert (trend.slope.point, trend.tau, trend.p_rising, trend.p_falling) == (0.0, 0.0, 1.0, 1.0)


def test_segments_are_consecutive_and_nearly_equal() -> None:
    assert segment_means([1.0, 3.0, 10.0, 20.0, 7.0], 2).tolist() == [14.0 / 3.0, 13.5]


def test_what_cannot_carry_a_trend_is_refused() -> None:
    with pytest.raises(TooFewSamples):
        monotone_trend([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="segment_means"):
        monotone_trend(np.arange(5001.0))
    with pytest.raises(ValueError, match="finite"):
        monotone_trend([1.0, 2.0, 3.0, math.inf])
    with pytest.raises(ValueError, match="different positions"):
        monotone_trend([1.0, 2.0, 3.0, 4.0], [1.0] * 4)
    with pytest.raises(TooFewSamples):
        segment_means([1.0], 2)
