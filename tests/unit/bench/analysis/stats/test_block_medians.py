"""The median of a machine whose speed shifts between blocks."""

import math

import numpy as np
import pytest

from bench.analysis.stats.block_medians import LEAST_BLOCKS, median_over_blocks, stated_percentile
from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import percentile_interval
from bench.analysis.stats.samples import TooFewSamples

N, SCATTER = 134, 0.05


def shifting(seed, blocks=5, shift=0.0):
    """Blocks of latencies in ms whose median is 1 but for a shift of the block's own."""
    rng = np.random.default_rng(seed)
    return [np.exp(shift * rng.standard_normal() + SCATTER * rng.standard_normal(N)) for _ in range(blocks)]


def covered(seeds, **how):
    return np.mean([stated_percentile(shifting(seed, **how), 0.5).contains(1.0) for seed in range(seeds)])


CASES = [
    pytest.param({"shift": 0.2 * SCATTER}, 0.93, 0.97, id="shifts that blocks hide"),
    pytest.param({"shift": 2 * SCATTER}, 0.92, 0.97, id="shifts that leave no rank"),
    pytest.param({"shift": 2 * SCATTER, "blocks": LEAST_BLOCKS}, 0.92, 0.97, id="four blocks"),
    pytest.param({}, 0.96, 1.0, id="independent"),
]


@pytest.mark.parametrize(("how", "least", "most"), CASES)
def test_it_holds_the_median_as_often_as_it_says(how, least, most):
    assert least - 0.045 <= covered(200, **how) <= min(1.0, most + 0.045), "three standard errors of 200 draws"


@pytest.mark.verify
@pytest.mark.parametrize(("how", "least", "most"), CASES)
def test_it_holds_the_median_as_often_as_it_says_over_2000_seeds(how, least, most):
    assert least <= covered(2_000, **how) <= most


def test_by_rank_alone_shifting_blocks_are_covered_too_seldom():
    found = 0
    for seed in range(200):
        blocks = shifting(seed, shift=0.2 * SCATTER)
        size = effective_sample_size(blocks, 0.5)
        found += percentile_interval(np.concatenate(blocks), 0.5, effective_n=size).contains(1.0)
    assert found / 200 < 0.85


def test_by_hand():
    """Medians 1, e, e², e³: mean 1.5 and standard deviation √(5/3) of the logarithms, t(3) = 3.182."""
    blocks = [np.full(11, math.exp(power)) for power in range(4)]
    reach = 3.182446 * math.sqrt(5 / 3) / 2
    found = median_over_blocks(blocks)
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((1.5 - reach, 1.5 + reach), rel=1e-5)
    assert found.point == math.e


def test_it_holds_the_pooled_median_even_where_skewed_blocks_leave_it_outside():
    blocks = [*[np.full(6, 1.0 + 1e-6 * number) for number in range(4)], np.full(300, 2.0)]
    found = median_over_blocks(blocks)
    assert found.low <= found.point == 2.0 <= found.high


@pytest.mark.parametrize(
    "blocks",
    [
        shifting(1, blocks=LEAST_BLOCKS - 1),
        [*shifting(1), np.ones(5)],
        [*shifting(1), np.full(9, np.inf)],
        [*shifting(1), np.zeros(9)],
    ],
    ids=["few blocks", "a short one", "one that failed", "one of zeros"],
)
def test_where_blocks_say_nothing_ranks_do(blocks):
    assert median_over_blocks(blocks) is None
    size = effective_sample_size(blocks, 0.5)
    assert stated_percentile(blocks, 0.5) == percentile_interval(np.concatenate(blocks), 0.5, effective_n=size)


def test_higher_percentiles_are_those_of_ranks():
    blocks = shifting(3, shift=0.1)
    size = effective_sample_size(blocks, 0.9)
    assert stated_percentile(blocks, 0.9) == percentile_interval(np.concatenate(blocks), 0.9, effective_n=size)


def test_too_few_requests_owe_nothing():
    with pytest.raises(TooFewSamples):
        stated_percentile([np.ones(3)], 0.5)
