"""The capacity of queues whose capacity is known, searched in virtual time."""

import numpy as np
import pytest
from known_queue import EXPONENTIAL, FIXED, OFFLINE_PER_S, P99_50_MS, SERVICE_S, KnownQueue, arrivals_ns, ends_ns
from scipy import optimize
from virtual_service import serve_timed

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.queueing import MD1, MM1
from bench.experiments.capacity.plan import SearchPlan
from bench.experiments.capacity.search import Search

FALSE_ALARM = 0.01
"""Chance of a contradiction where there is none, by the level of its test."""
QUEUES = [(EXPONENTIAL, MM1), (FIXED, MD1)]


def truth(queue, slo=P99_50_MS):
    """The rate at which the percentile of the response time is the limit."""
    return optimize.brentq(
        lambda rate: queue(rate, SERVICE_S).response_quantile_s(slo.p) - slo.limit_ms / 1000, 80.0, 185.0, xtol=1e-6
    )


def search(probe, **changes):
    options = {"first_per_s": OFFLINE_PER_S / 2, "offline_per_s": OFFLINE_PER_S} | changes
    return Search(probe, SearchPlan(slo=probe.slo, **options), lambda message: None).run()


def test_the_queue_of_these_tests_is_the_one_that_the_instrument_measures():
    """Inbox, serving and recorder on a virtual clock end every request at the same ns."""
    rng = np.random.default_rng(4)
    intended_ns = arrivals_ns(2000, 150.0, rng)
    service_ns = np.rint(rng.exponential(SERVICE_S, 2000) * 1e9).astype(np.int64)
    recorder = serve_timed(intended_ns, service_ns)
    assert recorder.ended_ns.tolist() == ends_ns(intended_ns, service_ns).tolist()


def coverage(law, queue, seeds):
    """Over seeds: the share of ranges that hold the truth, and the points as ratios to it."""
    expected = truth(queue)
    found = [search(KnownQueue(law, root)).estimate for root in range(seeds)]
    assert all(one.bound is Bound.RANGE for one in found)
    false_alarms = sum(one.contradiction is not None for one in found)
    assert false_alarms <= FALSE_ALARM * seeds, "a queue is monotone"
    held = np.mean([one.interval.contains(expected) for one in found])
    return held, np.array([one.interval.point for one in found]) / expected


@pytest.mark.parametrize(("law", "queue"), QUEUES)
def test_the_range_holds_the_truth(law, queue):
    held, ratios = coverage(law, queue, 20)
    assert held >= 0.90
    assert abs(np.median(ratios) - 1) < 0.03
    assert np.mean(abs(ratios - 1) < 0.05) >= 0.65


@pytest.mark.verify
@pytest.mark.parametrize(("law", "queue"), QUEUES)
def test_the_range_holds_the_truth_over_many_seeds(law, queue):
    held, ratios = coverage(law, queue, 400)
    assert held >= 0.93
    assert np.mean(abs(ratios - 1) < 0.05) >= 0.75


def test_a_limit_on_another_percentile():
    slo = Slo("p90", 30.0)
    assert search(KnownQueue(FIXED, 1, slo)).estimate.interval.contains(truth(MD1, slo))


def test_a_queue_without_chance_jumps_at_its_service_rate():
    found = search(KnownQueue(is_constant=True))
    assert found.estimate.interval.contains(OFFLINE_PER_S)
    assert found.estimate.is_within(0.05)
    assert found.ended == "the interval is narrow enough"
    assert all(probe.unstable == (probe.rate_per_s > OFFLINE_PER_S) for probe in found.probes)


def test_a_limit_under_the_service_time_is_kept_at_no_rate():
    slo = Slo("p99", 4.0)
    hopeless = search(KnownQueue(slo=slo), hopeless=True)
    assert (len(hopeless.probes), hopeless.estimate.bound) == (1, Bound.NONE)
    assert (hopeless.estimate.interval.point, hopeless.estimate.interval.high) == (0, 0)
    tried = search(KnownQueue(slo=slo))
    assert (tried.estimate.bound, tried.estimate.interval.point) == (Bound.NONE, 0)
    assert tried.estimate.interval.high == min(probe.rate_per_s for probe in tried.probes) < OFFLINE_PER_S / 10


def test_a_system_that_is_never_full_sustains_at_least_the_highest_rate_tried():
    found = search(KnownQueue(servers_unlimited=True))
    highest = max(probe.rate_per_s for probe in found.probes)
    assert found.estimate.bound is Bound.AT_LEAST
    assert (found.estimate.interval.low, found.estimate.interval.high) == (highest, float("inf"))
    assert highest > 7 * OFFLINE_PER_S / 2


def spoiled_between(low_per_s, high_per_s):
    """Every 40th request takes 150 ms longer at these rates, as batches do that wait for a timer."""

    def spoil(rate_per_s, service_ns):
        slower_ns = service_ns.copy()
        slower_ns[::40] += 150_000_000 if low_per_s < rate_per_s < high_per_s else 0
        return slower_ns

    return spoil


@pytest.mark.parametrize("band", [(60, 85), (85, 115)], ids=["below the first rate", "around the first rate"])
def test_a_system_that_fails_at_lower_rates_is_said_to_be_not_monotone(band):
    slo = Slo("p99", 100.0)
    found = search(KnownQueue(slo=slo, spoil=spoiled_between(*band))).estimate
    assert found.contradiction is not None
    assert band[0] < found.contradiction.over < band[1] < found.contradiction.under
    assert found.interval.contains(truth(MD1, slo)), "the highest crossing"


def test_an_overload_that_leaks_into_the_next_probe_is_told():
    """A planted leak: after a higher rate the service takes 40 % longer."""
    probe, last = KnownQueue(), [0.0]

    def slower_after_a_higher_rate(rate_per_s, service_ns):
        leaks, last[0] = rate_per_s < last[0], rate_per_s
        return (service_ns * (1.4 if leaks else 1.0)).astype(np.int64)

    assert not search(probe).estimate.order.is_told
    probe.spoil = slower_after_a_higher_rate
    assert search(probe).estimate.order.is_told


def test_the_budget_is_kept():
    assert len(search(KnownQueue(), probes=5).probes) == 5
    assert sum(probe.lasted_s for probe in search(KnownQueue(), budget_s=60.0).probes) <= 75
