"""Effective sample sizes of sequences whose dependence is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from bench.analysis.stats.dependence import effective_sample_size


def _ar1(rng: np.random.Generator, phi: float, n: int) -> np.ndarray:
    noise = rng.standard_normal(n) * math.sqrt(1.0 - phi**2)
    noise[0] = rng.standard_normal()
    return lfilter([1.0], [1.0, -phi], noise)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_independent_values_count_nearly_in_full(p: float) -> None:
    sizes = [effective_sample_size([np.random.default_rng(seed).exponential(1.0, 4000)], p) for seed in range(40)]
    assert np.median(sizes) > 0.93 * 4000
    assert min(sizes) > 0.75 * 4000
    assert max(sizes) <= 4000


def test_median_of_a_gaussian_ar1_has_the_size_of_the_arcsine_law() -> None:
    """P(both over the median) = 1/4 + arcsin(ρ)/2π, so the indicator's autocorrelation at lag k is 2/π arcsin(φ^k)."""
    phi, n = 0.8, 20_000
    time = 1.0 + 2.0 * sum(2.0 / math.pi * math.asin(phi**k) for k in range(1, 200))
    sizes = [effective_sample_size([_ar1(np.random.default_rng(seed), phi, n)], 0.5) for seed in range(20)]
    assert np.mean(sizes) == pytest.approx(n / time, rel=0.1)


def test_tail_size_of_a_gaussian_ar1_agrees_with_the_bivariate_normal() -> None:
    phi, n, p = 0.8, 20_000, 0.9
    bound = float(stats.norm.ppf(p))
    time = 1.0
    for k in range(1, 25):
        both_under = stats.multivariate_normal.cdf([bound, bound], cov=[[1.0, phi**k], [phi**k, 1.0]])
        time += 2.0 * (float(both_under) - p**2) / (p * (1.0 - p))
    sizes = [effective_sample_size([_ar1(np.random.default_rng(seed), phi, n)], p) for seed in range(20)]
    assert np.mean(sizes) == pytest.approx(n / time, rel=0.1)


def test_every_value_repeated_counts_once() -> None:
    values = np.repeat(np.random.default_rng(0).standard_normal(2000), 5)
    assert effective_sample_size([values], 0.5) == pytest.approx(2000, rel=0.15)


def test_a_shift_between_blocks_counts_as_dependence() -> None:
    rng = np.random.default_rng(0)
    level = [rng.standard_normal(300) for _ in range(8)]
    shifted = [block + 3.0 * (index % 2) for index, block in enumerate(level)]
    assert effective_sample_size(level, 0.5) > 1500
    assert effective_sample_size(shifted, 0.5) < 60


def test_blocks_are_not_chained() -> None:
    """A rise within each of two blocks is dependence; their order is not."""
    rng = np.random.default_rng(1)
    blocks = [_ar1(rng, 0.9, 500) for _ in range(6)]
    assert effective_sample_size(blocks, 0.9) == pytest.approx(effective_sample_size(blocks[::-1], 0.9))


def test_failed_requests_and_ties_are_handled() -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    failed = np.where(np.arange(1000) < 100, np.inf, values)
    assert effective_sample_size([failed], 0.99) < 100  # one run of failures tells little
    assert effective_sample_size([np.full(500, 7.0)], 0.99) == 500
    assert effective_sample_size([np.full(500, np.inf)], 0.5) == 500
    assert effective_sample_size([np.array([3.0])], 0.5) == 1


def test_size_stays_between_1_and_n() -> None:
    rising = np.arange(1000.0)
    alternating = np.tile([0.0, 1.0], 500)
    assert 1.0 <= effective_sample_size([rising], 0.5) < 10
    assert effective_sample_size([alternating], 0.4) == 1000


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(ValueError, match="leave empty blocks out"):
        effective_sample_size([np.arange(5.0), np.array([])], 0.5)
