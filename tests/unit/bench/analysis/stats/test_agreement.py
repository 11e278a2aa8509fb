"""Two measurements of one thing: bounds that hold both uncertainties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.stats.agreement import joint_interval
from bench.analysis.stats.quantile import percentile_interval
from bench.analysis.stats.samples import Interval

reaches = st.floats(0.0, 100.0)
points = st.floats(-100.0, 100.0)


def test_the_reaches_towards_each_other_are_added_as_squares():
    found = joint_interval(Interval(7.0, 10.0, 15.0), Interval(8.0, 20.0, 24.0))
    assert (found.low, found.point, found.high) == (5.0, 10.0, 23.0), "3 with 4 below, 5 with 12 above"


def test_against_something_exact_its_own_bounds_remain():
    assert joint_interval(Interval(7.0, 10.0, 15.0), Interval(3.0, 3.0, 3.0)) == Interval(7.0, 10.0, 15.0)


def test_a_bound_that_one_lacks_is_lacking():
    found = joint_interval(Interval(7.0, 10.0, np.inf), Interval(-np.inf, 20.0, 24.0))
    assert found.high == np.inf
    assert found.low == 5.0


@given(points, reaches, reaches, points, reaches, reaches)
def test_it_does_not_matter_who_looks_at_whom(one, below, above, other, other_below, other_above):
    first = Interval(one - below, one, one + above)
    second = Interval(other - other_below, other, other + other_above)
    gap = abs(one - other)
    reach = joint_interval(first, second).high - one if other > one else one - joint_interval(first, second).low
    back = joint_interval(second, first).high - other if one > other else other - joint_interval(second, first).low
    if gap > 0:
        assert reach == pytest.approx(back, abs=1e-9)


def test_medians_of_one_law_lie_within_it_nineteen_times_in_twenty():
    rng = np.random.default_rng(3)
    draws = rng.exponential(1.0, (1_000, 2, 400))
    inside = []
    for one, other in draws:
        ours, theirs = percentile_interval(one, 0.5), percentile_interval(other, 0.5)
        inside.append(joint_interval(ours, theirs).contains(theirs.point))
    assert 0.94 <= np.mean(inside) <= 0.985
