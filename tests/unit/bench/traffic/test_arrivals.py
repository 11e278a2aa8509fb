"""Each arrival process has the law that it is named for, and the schedule of a seed never changes."""

import numpy as np
import pytest
from scipy.stats import binom, kstest, poisson

from bench.scenario import LoadPoint, LoadTable
from bench.traffic.arrivals import ARRIVALS
from bench.traffic.schedule import draw_schedule
from bench.traffic.seeds import stream

NS_PER_S = 1_000_000_000
SEEDS = range(200)
GOLDEN = {
    "constant": "d97ce6d3677f5633f77f47f9743ad873f50f171daaa0a71a3496e0d7f753013b",
    "poisson": "c95f61fab88d669909c5964174c7d9ee48b80ab01be221e001e0d8f63fdc34cb",
}
"""SHA-256 of the schedule of seed 7, load "server" at 40/s, block 3, 500 requests."""


def draw(kind, n, rate_per_s, seed=0):
    process = ARRIVALS.get(kind)
    return process(process.Options()).intended_ns(n, rate_per_s, stream(seed, "law"))


def point(kind, rate_per_s=40.0):
    table = LoadTable.model_validate(
        {"kind": "server", "requests": 500, "arrivals": {"kind": kind}, "rates_per_s": [rate_per_s]}
    )
    return LoadPoint("server", table, rate_per_s)


def test_constant_is_exactly_constant():
    assert draw("constant", 5, 1000.0).tolist() == [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]
    thirds = draw("constant", 300_000, 3.0)
    assert thirds[-1] == 100_000 * NS_PER_S, "rounding must not add up"
    assert np.abs(np.diff(thirds) - NS_PER_S / 3).max() < 1


def test_poisson_gaps_are_exponential():
    """At α = 0.01 about two of 200 seeds fail by chance; more than eight would happen once in 4,000 suites."""
    fails = 0
    for seed in SEEDS:
        gaps_s = np.diff(draw("poisson", 500, 50.0, seed), prepend=0) / NS_PER_S
        fails += kstest(gaps_s, "expon", args=(0, 1 / 50.0)).pvalue < 0.01
    assert fails <= binom(len(SEEDS), 0.01).ppf(1 - 1 / 4000)


def test_poisson_counts_in_a_window_are_poisson():
    """Independent gaps of the right law give counts of variance = mean; gaps drawn from a Poisson law do not."""
    counts = np.array([(draw("poisson", 200, 50.0, seed) < NS_PER_S).sum() for seed in SEEDS])
    assert abs(counts.mean() - 50) < 4 * np.sqrt(50 / len(counts))
    assert 0.6 < counts.var(ddof=1) / 50 < 1.5
    low, high = poisson(50).ppf([1e-4, 1 - 1e-4])
    assert low <= counts.min() <= counts.max() <= high


def test_poisson_is_never_rescaled_to_end_on_time():
    ends_s = np.array([draw("poisson", 400, 50.0, seed)[-1] for seed in SEEDS]) / NS_PER_S
    assert abs(ends_s.mean() - 8.0) < 4 * 0.4 / np.sqrt(len(ends_s))
    assert 0.3 < ends_s.std(ddof=1) < 0.5, "√400 / 50 = 0.4 s"


@pytest.mark.parametrize("kind", sorted(GOLDEN))
def test_the_schedule_of_a_seed_never_changes(kind):
    assert draw_schedule(7, point(kind), 3, 500).sha256 == GOLDEN[kind]


def test_seed_rate_block_and_load_each_draw_another_schedule():
    base = draw_schedule(7, point("poisson"), 3, 50)
    other_load = LoadPoint("other", point("poisson").table, 40.0)
    others = [
        draw_schedule(8, point("poisson"), 3, 50),
        draw_schedule(7, point("poisson"), 4, 50),
        draw_schedule(7, point("poisson", 41.0), 3, 50),
        draw_schedule(7, other_load, 3, 50),
    ]
    assert len({base.sha256, *(schedule.sha256 for schedule in others)}) == 5
    assert draw_schedule(7, point("poisson"), 3, 50).sha256 == base.sha256


def test_a_load_without_a_rate_has_no_schedule():
    table = LoadTable(kind="offline", requests=10)
    with pytest.raises(ValueError, match="no arrivals"):
        draw_schedule(7, LoadPoint("offline", table, None), 0, 10)
