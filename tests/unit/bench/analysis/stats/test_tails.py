"""Differences of tails: what is found, what is refused, what is not claimed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bench.analysis.stats.samples import TooFewSamples, UndefinedDifference
from bench.analysis.stats.tails import tail_difference


def _arm(seed: int, processes: int, blocks: int, n: int = 200) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [[rng.exponential(1.0, n) for _ in range(blocks)] for _ in range(processes)]


def _changed(
    arm: list[list[np.ndarray]], change: Callable[[np.ndarray, int, int], np.ndarray]
) -> list[list[np.ndarray]]:
    return [[change(block, i, j) for j, block in enumerate(process)] for i, process in enumerate(arm)]


def test_a_constant_shift_is_found_without_error() -> None:
    base = _arm(0, 2, 3)
    result = tail_difference(base, _changed(base, lambda x, i, j: x + 4.0), 0.99, np.random.default_rng(0))
    assert (result.difference.low, result.difference.high) == pytest.approx((4.0, 4.0))


def test_it_is_the_difference_of_quantiles_not_the_quantile_of_differences() -> None:
    base = _arm(0, 1, 4)
    reversed_order = _changed(base, lambda x, i, j: x[::-1])
    assert tail_difference(base, reversed_order, 0.9, np.random.default_rng(0)).difference.point == 0.0


def test_a_seed_gives_the_same_interval_again() -> None:
    base, head = _arm(0, 2, 3), _arm(1, 2, 3)
    first = tail_difference(base, head, 0.9, np.random.default_rng(7), resamples=200)
    assert first == tail_difference(base, head, 0.9, np.random.default_rng(7), resamples=200)
    assert first != tail_difference(base, head, 0.9, np.random.default_rng(8), resamples=200)


def test_swapping_the_arms_turns_the_sign() -> None:
    base, head = _arm(0, 1, 5), _changed(_arm(1, 1, 5), lambda x, i, j: 2.0 * x)
    there = tail_difference(base, head, 0.9, np.random.default_rng(0)).difference
    back = tail_difference(head, base, 0.9, np.random.default_rng(0)).difference
    assert back.point == -there.point
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=0.03)


def test_planted_levels_show_in_their_component() -> None:
    base = _arm(0, 3, 4)
    noise = _arm(1, 3, 4)
    offset = [-1.0, 0.0, 1.0, 0.5]
    plain = tail_difference(base, noise, 0.5, np.random.default_rng(0)).components
    blocks = tail_difference(base, _changed(noise, lambda x, i, j: x + 2 * offset[j]), 0.5, np.random.default_rng(0))
    restarts = tail_difference(base, _changed(noise, lambda x, i, j: x + 2 * offset[i]), 0.5, np.random.default_rng(0))
    assert plain.within and blocks.components.between_blocks and restarts.components.between_processes
    assert blocks.components.between_blocks > 3.0 * plain.within
    assert restarts.components.between_processes > 3.0 * plain.within
    assert (blocks.components.between_processes or 0.0) < 0.5 * blocks.components.between_blocks
    assert (restarts.components.between_blocks or 0.0) < 0.5 * restarts.components.between_processes


def test_levels_with_one_unit_are_not_measured() -> None:
    one = tail_difference(_arm(0, 1, 4), _arm(1, 1, 4), 0.9, np.random.default_rng(0), resamples=100).components
    assert one.between_processes is None and one.between_blocks is not None
    single = tail_difference(_arm(0, 1, 1), _arm(1, 1, 1), 0.9, np.random.default_rng(0), resamples=100).components
    assert single.between_processes is None and single.between_blocks is None and single.within is not None
    apart = tail_difference(_arm(0, 4, 1), _arm(1, 4, 1), 0.9, np.random.default_rng(0), resamples=100).components
    assert apart.between_processes is not None and apart.between_blocks is None


def test_restarts_have_an_interval_of_their_own() -> None:
    """Student's over each process's own difference, worked out by hand: differences 1, 2 and 6 for shifts of those."""
    base = _arm(0, 3, 2)
    shifted = _changed(base, lambda x, i, j: x + (1.0, 2.0, 6.0)[i])
    interval = tail_difference(base, shifted, 0.9, np.random.default_rng(0), resamples=100).difference_over_processes
    assert interval is not None
    assert interval.point == pytest.approx(3.0)
    assert interval.high - 3.0 == pytest.approx(4.302653 * np.std([1.0, 2.0, 6.0], ddof=1) / math.sqrt(3.0))


def test_restarts_have_no_interval_with_one_process_or_processes_too_short_for_the_quantile() -> None:
    rng = np.random.default_rng(0)
    assert tail_difference(_arm(0, 1, 4), _arm(1, 1, 4), 0.9, rng, resamples=50).difference_over_processes is None
    assert tail_difference(_arm(0, 2, 1), _arm(1, 2, 1), 0.99, rng, resamples=50).difference_over_processes is None
    failing = _changed(_arm(1, 2, 2), lambda x, i, j: np.where((i == 0) & (np.arange(200) < 30), np.inf, x))
    assert tail_difference(_arm(0, 2, 2), failing, 0.9, rng, resamples=50).difference_over_processes is None


def test_two_processes_that_differ_are_told_by_their_component_and_their_own_interval() -> None:
    """Blocks that differ so between restarts are worth few independent values: there is no upper bound."""
    base = _arm(0, 2, 3)
    result = tail_difference(base, _changed(_arm(1, 2, 3), lambda x, i, j: x + 2.0 * i), 0.9, np.random.default_rng(0))
    assert result.components.between_processes and result.components.within
    assert result.components.between_processes > 3.0 * result.components.within
    assert result.difference.high == math.inf
    assert result.difference_over_processes is not None
    assert 5.0 < result.difference_over_processes.width < math.inf


def test_dependent_arms_get_longer_windows_and_wider_intervals() -> None:
    def runs(seed: int) -> list[list[np.ndarray]]:
        return [[np.repeat(block, 10)[:400] for block in process] for process in _arm(seed, 1, 5, 40)]

    independent = tail_difference(_arm(0, 1, 5, 400), _arm(1, 1, 5, 400), 0.9, np.random.default_rng(0))
    dependent = tail_difference(runs(0), runs(1), 0.9, np.random.default_rng(0))
    assert independent.window < 15 < dependent.window
    assert independent.components.within and dependent.components.within
    assert dependent.components.within > 2.0 * independent.components.within  # √10 in the long run
    assert max(dependent.effective_n) < 500


def test_bounds_that_do_not_exist_are_infinite() -> None:
    base = _arm(0, 1, 5)
    slow_run = _changed(base, lambda x, i, j: np.where((j == 0) & (np.arange(200) < 60), x + 50.0, x))
    result = tail_difference(base, slow_run, 0.99, np.random.default_rng(0))
    assert result.difference.high == math.inf and math.isfinite(result.difference.low)
    back = tail_difference(slow_run, base, 0.99, np.random.default_rng(0))
    assert back.difference.low == -math.inf and math.isfinite(back.difference.high)


def test_failures_in_one_arm_are_an_infinite_difference_in_both_an_undefined_one() -> None:
    base = _arm(0, 1, 5)
    failing = _changed(base, lambda x, i, j: np.where(np.arange(200) % 20 == 0, np.inf, x))
    assert tail_difference(base, failing, 0.99, np.random.default_rng(0)).difference.point == math.inf
    assert tail_difference(failing, base, 0.99, np.random.default_rng(0)).difference.point == -math.inf
    with pytest.raises(UndefinedDifference, match="saturated"):
        tail_difference(failing, failing, 0.99, np.random.default_rng(0))


def test_failures_near_the_quantile_are_counted_against_both_bounds() -> None:
    failing = _changed(_arm(0, 1, 5), lambda x, i, j: np.where(np.arange(200) % 101 == 7, np.inf, x))
    other = _changed(failing, lambda x, i, j: x + 1.0)
    result = tail_difference(failing, other, 0.985, np.random.default_rng(0), window=1)
    assert result.difference.point == pytest.approx(1.0)
    assert result.undefined_resamples > 25
    assert (result.difference.low, result.difference.high) == (-math.inf, math.inf)


def test_too_few_or_foreign_requests_are_refused() -> None:
    with pytest.raises(TooFewSamples, match="300 samples, at least 368"):
        tail_difference(_arm(0, 1, 3, 100), _arm(1, 1, 3, 100), 0.99, np.random.default_rng(0))
    with pytest.raises(ValueError, match="same blocks"):
        tail_difference(_arm(0, 1, 4), _arm(1, 2, 2), 0.9, np.random.default_rng(0))
    with pytest.raises(ValueError, match="window"):
        tail_difference(_arm(0, 1, 4), _arm(1, 1, 4), 0.9, np.random.default_rng(0), window=0)
