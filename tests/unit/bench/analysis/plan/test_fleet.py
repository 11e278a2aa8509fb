"""Capacity of one replica, how many a rate takes, and what grows with the catalogue."""

import math
from dataclasses import replace

import numpy as np
import pytest
from plan_samples import EXPONENTIAL, FEW, FIXED, SERVICE_S, SLO, poisson, simple_replica, times

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.bill import Means
from bench.analysis.plan.division import MOST_PARTS, divided
from bench.analysis.plan.fleet import Fleet
from bench.analysis.plan.prediction import Effort, Replica, capacity_per_s, predict
from bench.analysis.plan.queue import BatchLimits
from bench.analysis.plan.search_cost import SearchCost
from bench.analysis.stats.queueing import MM1

SEARCH = SearchCost("exact", (20_000, 100_000), (1e6, 5e6), (9_000_000, 40_000_000))


def gamma(cv):
    """Arrivals with gaps of this coefficient of variation."""

    def draw(n, rate_per_s, number):
        gaps_s = np.random.default_rng([4, number]).standard_gamma(cv**-2, n) * cv**2 / rate_per_s
        return np.rint(np.cumsum(gaps_s) * 1e9).astype(np.int64)

    return draw


def constant(n, rate_per_s, number):
    return np.rint(np.arange(1, n + 1) / rate_per_s * 1e9).astype(np.int64)


def fleet_of(replica, share=0.8, draw=poisson, effort=FEW):
    return Fleet(replica, capacity_per_s(replica, draw, SLO, effort), SLO, draw, effort, share)


def test_capacity_is_where_theory_has_it():
    """M/M/1's p99 is 50 ms where ln 100 / (μ − λ) = 50 ms."""
    found = capacity_per_s(simple_replica(EXPONENTIAL), poisson, SLO, Effort(30_000, 6))
    expected = 1 / SERVICE_S - math.log(100) / 0.050
    assert MM1(expected, SERVICE_S).response_quantile_s(0.99) == pytest.approx(0.050)
    assert found == pytest.approx(expected, rel=0.06)


def test_a_limit_that_no_rate_keeps_is_a_capacity_of_0_and_no_number_of_replicas():
    replica = simple_replica()
    assert capacity_per_s(replica, poisson, Slo("p99", 4.0), FEW) == 0.0
    assert Fleet(replica, 0.0, SLO, poisson, FEW).replicas_for(1.0) is None


def test_a_wide_limit_is_bounded_by_what_a_server_can_do():
    assert capacity_per_s(simple_replica(), poisson, Slo("p99", 1e6), FEW) == pytest.approx(0.98 / SERVICE_S)


def test_a_limit_that_only_filled_batches_keep_is_found():
    """Up to 8 leave together, or after 60 ms: nearly alone each waits longer than the limit of 50 ms."""
    replica = Replica(times(FIXED, more=8), BatchLimits(8, max_wait_ns=60_000_000))
    assert predict(replica, poisson, 10.0, 0.99, FEW).tail_ms.point > SLO.limit_ms
    assert capacity_per_s(replica, poisson, SLO, FEW) > 0.5 * 8 / SERVICE_S


@pytest.mark.parametrize(("draw", "squared_cv"), [(gamma(3.0), 9.0), (poisson, 1.0), (constant, 0.0)])
@pytest.mark.parametrize("replicas", [1, 2, 8])
def test_dividing_the_users_brings_gaps_nearer_to_a_poisson_process(draw, squared_cv, replicas):
    """Each replica's gaps are sums of a geometric number of the stream's: c² becomes 1 + (c² − 1) / N."""
    due_ns = divided(draw, replicas)(40_000, 100.0, 1)
    gaps_ns = np.diff(due_ns)
    assert gaps_ns.mean() == pytest.approx(1e7, rel=0.06)
    assert (gaps_ns.std() / gaps_ns.mean()) ** 2 == pytest.approx(1 + (squared_cv - 1) / replicas, rel=0.1, abs=0.001)


def test_a_recording_too_short_to_be_divided_is_replayed_as_it_is():
    def recording(n, rate_per_s, number):
        return poisson(min(n, 3_000), rate_per_s, number)

    assert np.array_equal(divided(recording, 4)(2_000, 50.0, 1), recording(2_000, 50.0, 1))


def test_replicas_are_given_a_share_of_the_arrivals_and_not_their_bursts_or_their_evenness():
    """What is left of bursts among 32 is small, and nothing of a clock: both are served as Poisson arrivals are."""
    effort = Effort(6_000, 4)
    bursty, even, plain = (
        fleet_of(simple_replica(), draw=draw, effort=effort) for draw in (gamma(3.0), constant, poisson)
    )
    assert bursty.capacity_per_s < plain.capacity_per_s < even.capacity_per_s
    most = plain.replicas_for(10_000.0)
    assert most > MOST_PARTS
    for fleet in (bursty, even):
        assert fleet.replicas_for(10_000.0) == pytest.approx(most, rel=0.1)
        counts = [fleet.replicas_for(rate) for rate in (20.0, 300.0, 1_000.0, 3_000.0, 10_000.0)]
        assert counts == sorted(counts)
    alone_per_s = 0.8 * bursty.capacity_per_s
    assert bursty.replicas_for(10_000.0) < 10_000 / alone_per_s
    assert bursty.replicas_for(alone_per_s) == 1


def test_replicas_grow_with_the_rate_and_with_the_room_that_is_left():
    fleet, roomier = fleet_of(simple_replica()), fleet_of(simple_replica(), share=0.4)
    counts = [fleet.replicas_for(rate) for rate in (1.0, 100.0, 1_000.0, 50_000.0)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == math.ceil(50_000 / (0.8 * fleet.divided_capacity_per_s))
    assert fleet.divided_capacity_per_s == pytest.approx(fleet.capacity_per_s, rel=0.06), "Poisson stays Poisson"
    assert roomier.replicas_for(50_000.0) == pytest.approx(2 * counts[-1], abs=1)


def test_new_items_reach_every_replica_and_in_the_end_take_all_of_its_time():
    """1 % of the requests bring an item, which takes 1 ms: at 80,000/s that is 80 % of every replica's time."""
    fleet = fleet_of(simple_replica(ingest=0.01, ingest_ms=1.0))
    assert fleet.ingest_bound_per_s == pytest.approx(80_000)
    assert fleet.replicas_for(80_000.0) is None
    without = fleet_of(simple_replica())
    few, many = fleet.replicas_for(1_000.0), fleet.replicas_for(50_000.0)
    assert few <= 1.1 * without.replicas_for(1_000.0)
    assert many > 1.3 * without.replicas_for(50_000.0)
    own, per_s = fleet.share_of(many, 50_000.0)
    assert per_s == pytest.approx(50_000 * (0.99 / many + 0.01))
    assert own.mix.ingest * per_s == pytest.approx(500)


def test_another_repetition_narrows_the_interval():
    replica = simple_replica(EXPONENTIAL)
    few, many = (predict(replica, poisson, 120.0, 0.99, Effort(3_000, times)).tail_ms for times in (2, 12))
    alone = predict(replica, poisson, 120.0, 0.99, Effort(3_000, 1)).tail_ms
    assert alone.width == math.inf
    assert many.width < few.width
    assert many.low < many.point < many.high


def test_searches_grow_by_their_law():
    assert SEARCH.extra_ns(1_000_000, 20_000) == pytest.approx(49e6)
    assert SEARCH.items_for(49e6, 20_000) == pytest.approx(1_000_000)
    assert SEARCH.memory_bytes(1_000_000) == pytest.approx(400e6)
    graph = replace(SEARCH, kind="faiss_hnsw")
    assert graph.law == "logarithmic"
    assert graph.extra_ns(500_000, 100_000) == pytest.approx(SEARCH.search_ns[1] - SEARCH.search_ns[0])
    assert graph.items_for(graph.extra_ns(1e9, 600), 600) == pytest.approx(1e9)
    flat = replace(SEARCH, search_ns=(2e6, 1e6))
    assert (flat.extra_ns(1e9, 600), flat.items_for(1.0, 600)) == (0, math.inf)


def test_costs_are_of_what_stands_ready_and_nothing_is_invented():
    means = Means(cores=4, hour=0.36, joules=0.5, rss_bytes=None, ram_bytes=16e9)
    assert means.per_hour(10) == pytest.approx(3.6)
    assert means.per_million(10, 1_000.0) == pytest.approx(1.0)
    assert means.watts(1_000.0) == 500
    blind = replace(means, hour=None, joules=None)
    assert (blind.per_hour(10), blind.per_million(10, 1.0), blind.watts(1.0)) == (None, None, None)
    assert means.per_hour(None) is None
