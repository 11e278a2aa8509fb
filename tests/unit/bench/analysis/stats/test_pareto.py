"""The non-dominated set against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.stats.pareto import non_dominated


def test_a_worse_and_dearer_arm_is_dominated() -> None:
    assert non_dominated([1.0, 2.0, 3.0, 4.0], [0.1, 0.3, 0.2, 0.4]).tolist() == [True, True, False, True]


def test_ties_go_by_what_is_better_on_the_other_axis_and_equal_points_stay_together() -> None:
    assert non_dominated([1.0, 1.0, 2.0], [0.1, 0.2, 0.2]).tolist() == [False, True, False]
    assert non_dominated([1.0, 1.0, 2.0, 2.0], [0.2, 0.2, 0.1, 0.1]).tolist() == [True, True, False, False]


def test_a_saturated_arm_stays_only_for_quality_that_nothing_else_has() -> None:
    assert non_dominated([1.0, math.inf], [0.1, 0.2]).tolist() == [True, True]
    assert non_dominated([1.0, math.inf], [0.2, 0.2]).tolist() == [True, False]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=25))
def test_agrees_with_the_definition(points: list[tuple[int, int]]) -> None:
    expected = [
        not any(c <= cost and q >= quality and (c < cost or q > quality) for c, q in points) for cost, quality in points
    ]
    kept = non_dominated(np.array([c for c, _ in points]), np.array([q for _, q in points]))
    assert kept.tolist() == expected


def test_unequal_lengths_and_nan_are_refused() -> None:
    with pytest.raises(ValueError, match="one of each"):
        non_dominated([1.0], [0.1, 0.2])
    with pytest.raises(ValueError, match="NaN"):
        non_dominated([1.0], [math.nan])
