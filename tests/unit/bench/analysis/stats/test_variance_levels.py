"""Which level's variance an interval is as wide as, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analysis.stats.hierarchy import Layout, Level
from bench.analysis.stats.variance_levels import VarianceLevels


def _levels(
    windows: float, blocks: float | None, processes: float | None, *, blocks_of_processes: tuple[int, ...] = (5,)
) -> VarianceLevels:
    layout = Layout(np.full(sum(blocks_of_processes), 100), np.array(blocks_of_processes))
    return VarianceLevels(windows, blocks, processes, layout)


def test_blocks_within_what_windows_explain_leave_the_normal_interval() -> None:
    for blocks in (0.0, 1.0, 1.3):
        assert _levels(4.0, 4.0 * blocks, None).reach() == pytest.approx(1.959964 * 2.0)


def test_blocks_that_stand_out_give_students_interval_over_blocks() -> None:
    assert _levels(1.0, 9.0, None).reach() == pytest.approx(2.776445 * 3.0)  # t(0.975, 4)
    assert _levels(1.0, 9.0, None).reach(0.9) == pytest.approx(2.131847 * 3.0)


def test_blocks_count_from_the_upper_fifth_of_their_chance() -> None:
    """χ² of 4 degrees of freedom exceeds 5.989 with probability 1/5."""
    assert _levels(1.0, 1.49, None).reach() == pytest.approx(1.959964)
    assert _levels(1.0, 1.50, None).reach() == pytest.approx(2.776445 * math.sqrt(1.50))


def test_processes_that_do_not_stand_out_are_pooled_with_the_blocks() -> None:
    """4 degrees of freedom within processes and 1 between them: (4 · 9 + 1 · 4) / 5 = 8 with 5."""
    levels = _levels(1.0, 9.0, 4.0, blocks_of_processes=(3, 3))
    assert levels.reach() == pytest.approx(2.570582 * math.sqrt(8.0))


def test_processes_that_stand_out_have_their_own_freedom_from_three_on() -> None:
    levels = _levels(1.0, 1.0, 100.0, blocks_of_processes=(3, 3, 3))
    assert levels.reach() == pytest.approx(4.302653 * 10.0)  # t(0.975, 2)


def test_two_processes_that_stand_out_have_the_blocks_freedom() -> None:
    """One degree of freedom would be a factor of 12.7: that statement is the one over processes."""
    levels = _levels(1.0, 1.0, 100.0, blocks_of_processes=(3, 3))
    assert levels.reach() == pytest.approx(2.776445 * 10.0)  # t(0.975, 4)


def test_one_block_a_process_counts_as_a_block() -> None:
    levels = _levels(1.0, None, 9.0, blocks_of_processes=(1, 1, 1, 1))
    assert levels.reach() == pytest.approx(3.182446 * 3.0)  # t(0.975, 3)


def test_a_single_block_leaves_the_windows() -> None:
    assert _levels(4.0, None, None, blocks_of_processes=(1,)).reach() == pytest.approx(1.959964 * 2.0)


def test_what_a_level_under_it_explains_is_no_component() -> None:
    components = _levels(1.0, 5.0, 14.0, blocks_of_processes=(3, 3)).components()
    assert (components.within, components.between_blocks, components.between_processes) == (1.0, 2.0, 3.0)
    nothing = _levels(4.0, 3.0, 2.0, blocks_of_processes=(3, 3)).components()
    assert (nothing.within, nothing.between_blocks, nothing.between_processes) == (2.0, 0.0, 0.0)
    assert _levels(1.0, None, None, blocks_of_processes=(1,)).components().between_blocks is None


def test_each_level_is_drawn_alone_and_freed_of_what_few_units_hide() -> None:
    """Draws of ±1 have variance 1; of 6 blocks in 2 processes 4 are free, of 2 processes 1."""
    asked: list[Level] = []

    def draw(level: Level) -> np.ndarray:
        asked.append(level)
        return np.array([-1.0, 1.0, np.inf, np.nan])

    levels = VarianceLevels.measured(draw, Layout(np.full(6, 100), np.array([3, 3])))
    assert asked == [Level.WINDOW, Level.BLOCK, Level.PROCESS]
    assert (levels.windows, levels.blocks, levels.processes) == (1.0, 6 / 4, 2.0)
