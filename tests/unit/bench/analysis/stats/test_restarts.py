"""Restarts that differ are told from blocks that do."""

import numpy as np
import pytest
from scipy import stats

from bench.analysis.stats.restarts import restart_spread


def test_the_p_value_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(3)
    groups = [np.exp(rng.normal(level, 0.1, size)) for level, size in ((0.0, 5), (0.1, 4), (0.05, 6))]
    spread = restart_spread(groups)
    assert spread is not None
    assert spread.p_value == pytest.approx(stats.f_oneway(*[np.log(group) for group in groups]).pvalue)
    means = [np.exp(np.log(group).mean()) for group in groups]
    assert spread.ratio == pytest.approx(max(means) / min(means))


@pytest.mark.parametrize("groups", [[[1.0, 2.0]], [[1.0], [2.0]], []])
def test_one_process_or_one_block_each_tells_nothing(groups):
    assert restart_spread(groups) is None


def test_blocks_without_any_variation_are_equal_or_not():
    assert restart_spread([[2.0, 2.0], [2.0, 2.0]]).p_value == 1.0
    assert restart_spread([[2.0, 2.0], [3.0, 3.0]]).p_value == 0.0


def test_equal_processes_are_called_different_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    called = [restart_spread(np.exp(rng.normal(0, 0.2, (3, 4)))).p_value < 0.05 for _ in range(600)]
    assert np.mean(called) == pytest.approx(0.05, abs=0.03)
