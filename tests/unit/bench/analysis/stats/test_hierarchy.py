"""What a resample may and may not mix."""

from __future__ import annotations

import numpy as np
import pytest

from bench.analysis.stats.hierarchy import Layout, Level, QuantileResampler, common_layout

_RAGGED = [[np.arange(1.0, 8.0), np.arange(11.0, 14.0)], [np.arange(21.0, 26.0)]]
"""Two processes; blocks of 7 and 3 values, and one of 5."""


def test_layout_counts_blocks_and_values() -> None:
    layout = Layout.of(_RAGGED)
    assert layout.lengths.tolist() == [7, 3, 5]
    assert layout.blocks.tolist() == [2, 1]
    assert layout.n == 15


def test_whole_windows_alone_change_nothing() -> None:
    """A circular window as long as its block holds every value once, wherever it starts."""
    resampler = QuantileResampler((_RAGGED,), 0.5, 7)
    assert set(resampler.draw(Level.WINDOW, 50, np.random.default_rng(0))[0]) == {11.0}


def test_windows_stay_within_their_block() -> None:
    drawn = QuantileResampler((_RAGGED,), 0.01, 1).draw(Level.WINDOW, 500, np.random.default_rng(0))[0]
    assert set(drawn) <= set(range(1, 8))
    drawn = QuantileResampler((_RAGGED,), 0.99, 1).draw(Level.WINDOW, 500, np.random.default_rng(0))[0]
    assert set(drawn) <= set(range(21, 26))


def test_blocks_stay_within_their_process() -> None:
    drawn = QuantileResampler((_RAGGED,), 0.99, 3).draw(Level.BLOCK, 200, np.random.default_rng(0))[0]
    assert set(drawn) == {25.0}
    drawn = QuantileResampler((_RAGGED,), 0.01, 3).draw(Level.BLOCK, 200, np.random.default_rng(0))[0]
    assert set(drawn) == {1.0, 11.0}


def test_processes_are_drawn_whole() -> None:
    drawn = QuantileResampler((_RAGGED,), 0.99, 3).draw(Level.PROCESS, 400, np.random.default_rng(0))[0]
    assert set(drawn) == {13.0, 25.0}
    assert np.mean(drawn == 13.0) == pytest.approx(0.25, abs=0.07)


def test_windows_keep_neighbours_together() -> None:
    """In runs of 10 equal values, windows of 10 vary a low quantile more than single values do."""
    values = [[np.repeat(np.random.default_rng(1).standard_normal(60), 10)]]
    spread = [
        QuantileResampler((values,), 0.5, window).draw(Level.WINDOW, 400, np.random.default_rng(2))[0].std()
        for window in (1, 40)
    ]
    assert spread[1] > 2.0 * spread[0]


def test_both_arms_get_the_same_draws() -> None:
    values = [[np.random.default_rng(seed).standard_normal(200) for seed in range(3)]]
    shifted = [[block + 5.0 for block in values[0]]]
    every = Level.PROCESS | Level.BLOCK | Level.WINDOW
    drawn = QuantileResampler((values, shifted), 0.9, 7).draw(every, 200, np.random.default_rng(0))
    assert drawn[1] - drawn[0] == pytest.approx(5.0)
    assert drawn[0].std() > 0.0


def test_arms_with_other_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="do not hold the same blocks"):
        common_layout([[np.arange(5.0), np.arange(4.0)]], [[np.arange(4.0), np.arange(5.0)]])
    with pytest.raises(ValueError, match="do not hold the same blocks"):
        common_layout([[np.arange(5.0), np.arange(5.0)]], [[np.arange(5.0)], [np.arange(5.0)]])
    with pytest.raises(ValueError, match="no process"):
        common_layout([], [])
