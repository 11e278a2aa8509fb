import numpy as np
import pytest

from bench.analysis.stats.paired_blocks import difference_from_runs, median_of_blocks, strictest_level
from bench.analysis.stats.samples import Interval, TooFewSamples


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (8, 1, 8), (10, 2, 9), (12, 3, 10), (20, 6, 15)])
def test_the_bounds_are_the_order_statistics_of_the_published_table(n, low, high):
    interval = median_of_blocks(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)))
    assert (interval.low, interval.high) == (low, high)
    assert interval.point == (n + 1) / 2


def test_five_blocks_bound_no_median():
    with pytest.raises(TooFewSamples):
        median_of_blocks([1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize("n", [6, 7, 8, 14, 20])
def test_the_strictest_level_takes_the_smallest_and_the_largest_and_no_stricter_one_is_had(n):
    interval = median_of_blocks(np.arange(float(n)), level=strictest_level(n))
    assert (interval.low, interval.high) == (0.0, n - 1.0)
    with pytest.raises(ValueError, match="at most"):
        median_of_blocks(np.arange(float(n)), level=strictest_level(n) + 1e-6)


def test_infinite_blocks_stand_at_the_ends_of_the_order():
    inf = np.inf
    assert median_of_blocks([inf, 1.0, 2.0, 3.0, 4.0, 5.0, -inf]) == Interval(-inf, 3.0, inf)
    assert median_of_blocks([inf] * 6) == Interval(inf, inf, inf)
    assert median_of_blocks([inf] * 3 + [-inf] * 3).point == 0.0
    with pytest.raises(ValueError, match="leave it out"):
        median_of_blocks([np.nan] * 6)


def test_the_interval_holds_the_median_as_often_as_it_says():
    rng = np.random.default_rng(5)
    held = [median_of_blocks(rng.exponential(size=10)).contains(np.log(2)) for _ in range(2000)]
    assert 0.97 <= np.mean(held) <= 0.99  # ranks 2 and 9 of ten: 97.85 %


def test_a_new_run_is_held_against_runs_that_scatter_as_much():
    rng = np.random.default_rng(7)
    held = []
    for _ in range(2000):
        earlier, now = rng.normal(0.3, 0.02, 5), rng.normal(0.3, 0.02)
        held.append(difference_from_runs(Interval(now - 1e-6, now, now + 1e-6), earlier).contains(0.0))
    assert 0.94 <= np.mean(held) <= 0.96


def test_the_wider_of_both_bounds_counts():
    tight, wide = Interval(0.9, 1.0, 1.1), Interval(-9.0, 1.0, 11.0)
    assert difference_from_runs(tight, [0.0, 0.0, 0.0]) == tight
    assert difference_from_runs(wide, [-0.1, 0.0, 0.1]) == wide
    assert difference_from_runs(tight, [-1.0, 0.0, 1.0]).low < -3
    with pytest.raises(TooFewSamples):
        difference_from_runs(tight, [0.0, 0.1])
