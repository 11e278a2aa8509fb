"""What the statistics of a large cell cost: a million values in ten blocks. Run by `make perf`; no limits on time."""

import numpy as np
import pytest

from bench.analysis.stats.dependence import effective_sample_size
from bench.analysis.stats.quantile import percentile_interval, quantile, rank_interval
from bench.analysis.stats.tails import tail_difference

N = 1_000_000


@pytest.fixture(scope="module")
def arms():
    """Two arms of two processes with five blocks each, the same requests in both."""
    rng = np.random.default_rng(0)
    base = [[rng.exponential(size=N // 10) for _ in range(5)] for _ in range(2)]
    head = [[block + rng.exponential(0.5, block.size) for block in process] for process in base]
    return base, head


@pytest.fixture(scope="module")
def blocks(arms):
    return [block for process in arms[0] for block in process]


@pytest.fixture(scope="module")
def values(blocks):
    return np.concatenate(blocks)


def test_quantile(benchmark, values):
    assert benchmark(quantile, values, 0.99) > 0


def test_ranks(benchmark):
    low, high = benchmark(rank_interval, N, 0.99)
    assert low < 0.99 * N < high


def test_percentile_of_a_million(benchmark, values):
    assert benchmark(percentile_interval, values, 0.99, effective_n=N / 10).width > 0


@pytest.mark.parametrize("p", [0.5, 0.999])
def test_effective_size(benchmark, blocks, p):
    assert benchmark(effective_sample_size, blocks, p) > N / 2


def test_all_percentiles_of_a_cell(benchmark, blocks, values):
    def cell():
        return [
            percentile_interval(values, p, effective_n=effective_sample_size(blocks, p))
            for p in (0.5, 0.9, 0.95, 0.99, 0.999)
        ]

    assert all(interval.width > 0 for interval in benchmark(cell))


@pytest.mark.parametrize("p", [0.5, 0.99])
def test_tail_difference(benchmark, arms, p):
    found = benchmark(lambda: tail_difference(*arms, p, np.random.default_rng(0)))
    assert found.difference.low > 0
