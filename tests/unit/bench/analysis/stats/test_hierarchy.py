"""How many times a resample holds each stretch of the blocks, and what it may not mix."""

from __future__ import annotations

import numpy as np
import pytest

from bench.analysis.stats.hierarchy import Layout, Level, Segments, common_layout

_RAGGED = [[np.arange(1.0, 8.0), np.arange(11.0, 14.0)], [np.arange(21.0, 26.0)]]
"""Two processes; blocks of 7 and 3 values, and one of 5."""

_EVERY = Level.PROCESS | Level.BLOCK | Level.WINDOW


def _draws(level: Level, window: int = 1, count: int = 300) -> np.ndarray:
    """Times that each value was drawn, [count, 15]: with windows of 1 every value is a segment."""
    segments = Segments(Layout.of(_RAGGED), window)
    return segments.draw(level, count, np.random.default_rng(0))[:, segments.of_values()]


def test_layout_counts_blocks_and_values() -> None:
    layout = Layout.of(_RAGGED)
    assert layout.lengths.tolist() == [7, 3, 5]
    assert layout.blocks.tolist() == [2, 1]
    assert layout.n == 15


def test_windows_stay_within_their_block() -> None:
    times = _draws(Level.WINDOW)
    assert (times[:, :7].sum(axis=1) == 7).all()
    assert (times[:, 7:10].sum(axis=1) == 3).all()
    assert (times[:, 10:].sum(axis=1) == 5).all()
    assert times.max() > 2


def test_blocks_are_drawn_whole_and_within_their_process() -> None:
    times = _draws(Level.BLOCK)
    first, second, other = times[:, :7], times[:, 7:10], times[:, 10:]
    assert (first == first[:, :1]).all() and (second == second[:, :1]).all()
    assert (first[:, 0] + second[:, 0] == 2).all()
    assert (other == 1).all()
    assert np.mean(first[:, 0] == 2) == pytest.approx(0.25, abs=0.08)


def test_processes_are_drawn_whole() -> None:
    times = _draws(Level.PROCESS)
    first, other = times[:, :10], times[:, 10:]
    assert (first == first[:, :1]).all() and (other == other[:, :1]).all()
    assert (first[:, 0] + other[:, 0] == 2).all()


def test_all_levels_together_draw_as_many_processes_and_blocks() -> None:
    times = _draws(_EVERY)
    blocks = times[:, :7].sum(axis=1) / 7 + times[:, 7:10].sum(axis=1) / 3
    processes = blocks / 2 + times[:, 10:].sum(axis=1) / 5
    assert processes == pytest.approx(2.0)
    assert set(np.round(blocks)) == {0.0, 2.0, 4.0}


def test_a_window_keeps_neighbours_together_around_the_end_of_a_block() -> None:
    """4 windows of 3 in a block of 12: two values d apart share 3 - d of 12 starts, and a value has 3 of them."""
    segments = Segments(Layout.of([[np.arange(12.0)]]), 3)
    times = segments.draw(Level.WINDOW, 4000, np.random.default_rng(1))
    assert (times.sum(axis=1) == 12).all()
    assert times.mean(axis=0) == pytest.approx(np.ones(12), abs=0.06)
    covariance = np.cov(times.T)
    for apart, shared in ((0, 3), (1, 2), (2, 1), (3, 0), (6, 0)):
        found = [covariance[place, (place + apart) % 12] for place in range(12)]
        assert found == pytest.approx([4 * (shared / 12 - (3 / 12) ** 2)] * 12, abs=0.07)


def test_a_window_as_long_as_its_block_changes_nothing() -> None:
    assert (_draws(Level.WINDOW, window=7) == 1).all()


def test_the_size_of_a_resample_does_not_grow_with_that_of_the_sample() -> None:
    layout = Layout(np.full(10, 100_000), np.array([5, 5]))
    segments = Segments(layout, 47)
    assert segments.count == 4000
    assert segments.window == 250
    assert np.bincount(segments.of_values()).tolist() == [250] * 4000
    assert segments.draw(_EVERY, 3, np.random.default_rng(0)).sum(axis=1) == pytest.approx([4000] * 3)


@pytest.mark.parametrize("window", [1, 7, 40, 130, 300])
@pytest.mark.parametrize("length", [13, 300, 1001])
def test_windows_spread_the_mean_of_independent_values_as_these_spread(window: int, length: int) -> None:
    """The variance of a resample's mean is 1/n whatever the window; a window of half a block leaves half of it."""
    rng = np.random.default_rng(2)
    layout = Layout(np.full(6, length), np.array([6]))
    segments = Segments(layout, min(window, length))
    of_values, variances = segments.of_values(), []
    for _ in range(60):
        times = segments.draw(Level.WINDOW, 40, rng)[:, of_values]
        variances.append(np.var(times @ rng.standard_normal(layout.n) / times.sum(axis=1)) * layout.n)
    longest = min(segments.window, length) / length
    assert np.mean(variances) == pytest.approx(1.0 - longest if longest < 1 else 0.0, abs=0.2)


def test_arms_with_other_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="do not hold the same blocks"):
        common_layout([[np.arange(5.0), np.arange(4.0)]], [[np.arange(4.0), np.arange(5.0)]])
    with pytest.raises(ValueError, match="do not hold the same blocks"):
        common_layout([[np.arange(5.0), np.arange(5.0)]], [[np.arange(5.0)], [np.arange(5.0)]])
    with pytest.raises(ValueError, match="no process"):
        common_layout([], [])
