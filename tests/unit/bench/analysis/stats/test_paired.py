"""Differences of medians against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analysis.stats.paired import median_difference
from bench.analysis.stats.samples import TooFewSamples, UndefinedDifference


def _constant(*processes: list[float]) -> list[list[np.ndarray]]:
    return [[np.full(9, value) for value in process] for process in processes]


def test_ratio_and_difference_by_hand() -> None:
    result = median_difference(_constant([100.0, 100.0, 100.0]), _constant([110.0, 120.0, 130.0]))
    assert result.pairs == 3
    assert result.difference.point == pytest.approx(20.0)
    assert result.difference.high - 20.0 == pytest.approx(4.302653 * 10.0 / math.sqrt(3.0))  # t(0.975, 2)
    assert result.ratio.point == pytest.approx((1.1 * 1.2 * 1.3) ** (1.0 / 3.0))
    spread = np.std(np.log([1.1, 1.2, 1.3]), ddof=1)
    assert math.log(result.ratio.high / result.ratio.point) == pytest.approx(4.302653 * spread / math.sqrt(3.0))


def test_a_spike_leaves_the_median_alone() -> None:
    base = [[np.full(101, 50.0) for _ in range(4)]]
    head = [[np.where(np.arange(101) < 40, np.inf, 50.0) for _ in range(4)]]
    assert median_difference(base, head).ratio.point == 1.0


def test_pairing_takes_out_what_blocks_share() -> None:
    rng = np.random.default_rng(0)
    speed = rng.uniform(50.0, 500.0, 6)
    base = [[s * rng.uniform(0.9, 1.1, 301) for s in speed]]
    head = [[1.05 * block for block in base[0]]]
    ratio = median_difference(base, head).ratio
    assert ratio.low == pytest.approx(1.05) and ratio.high == pytest.approx(1.05)


def test_one_process_says_nothing_of_restarts() -> None:
    result = median_difference(_constant([10.0, 10.0]), _constant([11.0, 12.0]))
    assert result.ratio_over_processes is None
    assert result.components.between_processes is None
    assert result.components.between_blocks is not None and result.components.between_blocks > 0.0


def test_process_effects_show_as_their_component() -> None:
    result = median_difference(
        _constant([10.0, 10.0], [10.0, 10.0], [10.0, 10.0]), _constant([11.0, 11.0], [12.0, 12.0], [13.0, 13.0])
    )
    assert result.components.between_blocks == 0.0
    expected = np.std(np.log([1.1, 1.2, 1.3]), ddof=1) / math.sqrt(3.0)
    assert result.components.between_processes == pytest.approx(expected)
    assert result.ratio_over_processes is not None
    assert result.ratio_over_processes.width > 1.5 * result.ratio.width


def test_one_block_a_process_gives_no_block_component() -> None:
    result = median_difference(_constant([10.0], [10.0]), _constant([11.0], [12.0]))
    assert result.components.between_blocks is None
    assert result.components.between_processes is not None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(TooFewSamples):
        median_difference(_constant([10.0]), _constant([11.0]))
    with pytest.raises(UndefinedDifference, match="saturated"):
        median_difference(_constant([10.0, 10.0]), _constant([11.0, math.inf]))
    with pytest.raises(ValueError, match="not positive"):
        median_difference(_constant([10.0, 0.0]), _constant([11.0, 11.0]))
