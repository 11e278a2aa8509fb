"""Ratios of arms whose slowness was planted, and the words that their intervals carry."""

import math

import numpy as np
import pytest

from bench.analysis.stats.quantile import quantile
from bench.analysis.stats.ratios import Change, Ratio, judge, median_ratio, tail_ratio
from bench.analysis.stats.samples import Interval, TooFewSamples


def nested(seed=1, processes=2, blocks=3, n=250):
    rng = np.random.default_rng(seed)
    return [[rng.gamma(8, 0.25, n) for _ in range(blocks)] for _ in range(processes)]


def times(values, factor):
    return [[block * factor for block in process] for process in values]


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_what_takes_so_many_times_as_long_has_that_ratio_at_every_percentile(factor):
    base = nested()
    for ratio in (
        median_ratio(base, times(base, factor)),
        tail_ratio(base, times(base, factor), 0.99, np.random.default_rng(0)),
    ):
        assert ratio.interval.point == pytest.approx(factor)
        assert ratio.interval.low <= factor * (1 + 1e-9)
        assert ratio.interval.high >= factor * (1 - 1e-9)


def test_the_ratio_of_tails_is_that_of_the_pooled_quantiles():
    base, head = nested(1), nested(2)
    ratio = tail_ratio(base, head, 0.9, np.random.default_rng(0))
    pooled = [np.concatenate([block for process in values for block in process]) for values in (base, head)]
    assert ratio.interval.point == pytest.approx(quantile(pooled[1], 0.9) / quantile(pooled[0], 0.9))
    assert ratio.interval.low < ratio.interval.point < ratio.interval.high
    assert ratio.over_processes is not None


def test_unanswered_requests_make_the_ratio_infinite_and_never_a_number():
    base = nested()
    head = [[np.where(np.arange(block.size) % 20 == 0, np.inf, block) for block in process] for process in base]
    assert math.isinf(tail_ratio(base, head, 0.99, np.random.default_rng(0)).interval.point)


def test_too_few_requests_carry_no_ratio():
    base = nested(n=20)
    with pytest.raises(TooFewSamples):
        tail_ratio(base, base, 0.99, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("low", "ratio", "high", "said"),
    [
        (1.06, 1.10, 1.15, Change.SLOWER),
        (1.01, 1.04, 1.07, Change.UNTOLD),
        (1.01, 1.05, 1.09, Change.SLOWER),
        (0.99, 1.00, 1.01, Change.ALIKE),
        (1.01, 1.02, 1.04, Change.ALIKE),
        (0.85, 0.90, 0.95, Change.FASTER),
        (0.90, 0.97, 0.99, Change.UNTOLD),
        (0.50, 1.00, 2.00, Change.UNTOLD),
        (1.20, 2.00, math.inf, Change.SLOWER),
    ],
)
def test_the_word_that_an_interval_carries(low, ratio, high, said):
    assert judge(ratio, [Interval(low, ratio, high)]) is said


def test_a_word_must_hold_over_restarts_too():
    over_blocks, over_restarts = Interval(1.08, 1.1, 1.12), Interval(0.7, 1.1, 1.7)
    assert Ratio(over_blocks, None).change is Change.SLOWER
    assert Ratio(over_blocks, over_restarts).change is Change.UNTOLD
