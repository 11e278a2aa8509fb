"""The capacity of queues whose capacity is known, searched in virtual time."""

import numpy as np
import pytest
from scipy import optimize
from virtual_service import serve_timed

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.judgement import Offered, Stamps, judge
from bench.analysis.capacity.slo import Slo
from bench.analysis.stats.queueing import MD1, MM1
from bench.experiments.capacity.plan import SearchPlan
from bench.experiments.capacity.search import Search
from bench.measure.recorder import Outcome

SERVICE_MS = 5.0
OFFLINE_PER_S = 1000.0 / SERVICE_MS
SLO = Slo("p99", 50.0)


def truth(queue):
    """The rate at which the p99 of the response time is the limit."""
    return optimize.brentq(
        lambda rate: queue(rate, SERVICE_MS / 1000).response_quantile_s(SLO.p) - SLO.limit_ms / 1000, 1.0, 199.0
    )


def virtual_probe(law, root, slo):
    """A probe of one server with this law of service, on the virtual clock."""

    def probe(rate_per_s, requests, number):
        rng = np.random.default_rng([root, number])
        gaps_ns = (
            rng.exponential(1e9 / rate_per_s, requests) if law != "steady" else np.full(requests, 1e9 / rate_per_s)
        )
        mean_ns = SERVICE_MS * 1e6
        service_ns = rng.exponential(mean_ns, requests) if law == "exponential" else np.full(requests, mean_ns)
        recorder = serve_timed(np.cumsum(gaps_ns).astype(np.int64), np.rint(service_ns).astype(np.int64))
        stamps = Stamps(
            intended_ns=recorder.intended_ns,
            ended_ns=recorder.ended_ns,
            service_ns=recorder.ended_ns - recorder.taken_ns,
            answered=recorder.outcomes == Outcome.ANSWERED,
            counted=np.arange(requests) >= 0.2 * requests,
        )
        return judge(stamps, Offered(rate_per_s, number, OFFLINE_PER_S), slo)

    return probe


def search(law, root, slo=SLO, **changes):
    plan = SearchPlan(slo=slo, first_per_s=100.0, offline_per_s=OFFLINE_PER_S, probe_s=20.0, **changes)
    return Search(virtual_probe(law, root, slo), plan, lambda message: None).run()


@pytest.mark.parametrize(("law", "queue"), [("exponential", MM1), ("fixed", MD1)])
def test_the_range_holds_the_truth(law, queue):
    """Over few seeds here; over many in the verify tests."""
    expected = truth(queue)
    found = [search(law, root).estimate for root in range(4)]
    assert all(one.bound is Bound.RANGE for one in found)
    assert sum(one.interval.low <= expected <= one.interval.high for one in found) >= 3
    assert np.median([one.interval.point for one in found]) == pytest.approx(expected, rel=0.1)


@pytest.mark.verify
@pytest.mark.parametrize(("law", "queue"), [("exponential", MM1), ("fixed", MD1)])
def test_the_range_holds_the_truth_over_many_seeds(law, queue):
    expected = truth(queue)
    held = [
        one.interval.low <= expected <= one.interval.high for one in (search(law, root).estimate for root in range(100))
    ]
    assert np.mean(held) >= 0.90


def test_a_queue_without_chance_jumps_at_its_service_rate():
    estimate = search("steady", 0).estimate
    assert estimate.bound is Bound.RANGE
    assert estimate.interval.low <= OFFLINE_PER_S * 1.01
    assert estimate.interval.high >= OFFLINE_PER_S * 0.95


def test_a_limit_under_the_service_time_is_kept_at_no_rate():
    estimate = search("fixed", 0, slo=Slo("p99", 4.0), hopeless=True).estimate
    assert estimate.bound is Bound.NONE
    assert estimate.interval.point == 0.0


def test_the_budget_is_kept():
    assert len(search("fixed", 0, probes=5).probes) <= 5
    assert sum(probe.lasted_s for probe in search("fixed", 0, budget_s=60.0).probes) <= 75
