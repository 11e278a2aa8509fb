"""Order statistics, rank intervals and their floors against numbers worked out elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.stats.quantile import (
    minimum_n,
    percentile_interval,
    quantile,
    quantile_rank,
    rank_interval,
)
from bench.analysis.stats.samples import TooFewSamples


@pytest.mark.parametrize(("p", "floor"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3688), (0.1, 36)])
def test_floor_is_the_first_n_with_both_bounds(p: float, floor: int) -> None:
    assert minimum_n(p) == floor
    low, high = rank_interval(floor, p)
    assert low >= 1 and high <= floor
    low, high = rank_interval(floor - 1, p)
    assert low < 1 or high > floor - 1


def test_rank_is_that_of_the_decimal_number_not_of_its_float() -> None:
    assert quantile_rank(100, 0.07) == 7  # 100 * 0.07 is 7.000000000000001
    assert quantile_rank(100, 0.29) == 29
    assert quantile_rank(1000, 0.999) == 999
    assert quantile_rank(101, 0.5) == 51


def test_quantile_is_a_measured_value() -> None:
    values = np.array([50, 10, 40, 20, 30], dtype=np.int64)
    assert quantile(values, 0.5) == 30
    assert quantile(values, 0.41) == 30
    assert quantile(values, 0.4) == 20
    assert quantile(values, 0.99) == 50


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.sampled_from([0.1, 0.5, 0.9, 0.99]))
def test_quantile_is_the_smallest_value_with_a_share_p_at_or_under_it(values: list[int], p: float) -> None:
    found = quantile(values, p)
    needed = quantile_rank(len(values), p)
    assert sum(value <= found for value in values) >= needed > sum(value < found for value in values)


def test_rank_interval_of_ten_medians_is_the_gates() -> None:
    assert rank_interval(10, 0.5) == (2, 9)
    assert rank_interval(20, 0.5) == (6, 15)


@pytest.mark.parametrize("n", [400, 500, 1234, 20_000])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_rank_interval_is_the_narrowest_with_half_the_error_on_each_side(n: int, p: float) -> None:
    low, high = rank_interval(n, p)
    misses = stats.binom(n, p)
    assert misses.cdf(low - 1) <= 0.025 < misses.cdf(low)
    assert misses.sf(high - 1) <= 0.025 < misses.sf(high - 2)


def test_failed_requests_stay_in_the_distribution() -> None:
    values = np.arange(1.0, 1001.0)
    values[:15] = np.inf
    assert percentile_interval(values, 0.99).point == math.inf
    assert percentile_interval(values, 0.95).point == 965.0
    assert math.isfinite(percentile_interval(values, 0.95).high)


def test_under_the_floor_there_is_no_percentile() -> None:
    with pytest.raises(TooFewSamples, match="367 samples, at least 368") as refusal:
        percentile_interval(np.arange(367), 0.99)
    assert (refusal.value.n, refusal.value.floor) == (367, 368)
    assert percentile_interval(np.arange(1, 369), 0.99).high == 368


@pytest.mark.parametrize(("p", "floor"), [(0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3688)])
def test_every_percentile_is_refused_one_request_under_its_floor(p: float, floor: int) -> None:
    values = np.arange(1.0, floor + 1.0)
    with pytest.raises(TooFewSamples, match="measure 1 more or leave it out"):
        percentile_interval(values[1:], p)
    assert math.isfinite(percentile_interval(values, p).width)


def test_effective_size_of_n_changes_nothing_and_less_widens() -> None:
    values = np.random.default_rng(3).permutation(5000)
    plain = percentile_interval(values, 0.9)
    assert percentile_interval(values, 0.9, effective_n=5000) == plain
    assert percentile_interval(values, 0.9, effective_n=9e9) == plain
    wide = percentile_interval(values, 0.9, effective_n=1250.7)
    assert wide.point == plain.point
    assert wide.width == pytest.approx(2.0 * plain.width, rel=0.1)


def test_under_the_floor_of_the_effective_size_the_upper_bound_does_not_exist() -> None:
    values = np.arange(1, 5001)
    assert percentile_interval(values, 0.99, effective_n=367.9).high == math.inf
    assert percentile_interval(values, 0.99, effective_n=368).high <= 5000
    assert math.isfinite(percentile_interval(values, 0.99, effective_n=367.9).low)
    assert percentile_interval(values, 0.5, effective_n=1).low == -math.inf


@pytest.mark.parametrize("bad", [[1.0, math.nan], [-math.inf, 1.0]])
def test_nan_and_minus_infinity_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="NaN or -inf"):
        quantile(bad, 0.5)


@pytest.mark.parametrize("p", [0.0, 1.0, 99.0, math.nan])
def test_a_percentile_outside_0_and_1_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p99 is 0.99"):
        percentile_interval(np.arange(1000), p)
