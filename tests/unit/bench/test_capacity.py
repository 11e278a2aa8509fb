"""One probe judged, many probes summed up, and what is said of them."""

import math

import numpy as np
import pytest
from known_queue import EXPONENTIAL, OFFLINE_PER_S, P99_50_MS, KnownQueue, arrivals_ns, ends_ns, stamps_of

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.judgement import Offered, judge
from bench.analysis.capacity.probe_result import Verdict
from bench.analysis.capacity.slo import Slo, parse_slo
from bench.analysis.capacity.statement import Capacity, Throughput
from bench.errors import ConfigError
from bench.experiments.capacity.plan import SearchPlan, short_requests
from bench.experiments.capacity.search import Search
from bench.report.capacity_picture import draw_capacity
from bench.report.capacity_table import capacity_table

SLO = P99_50_MS
N = 600


def probe(rate_per_s, service_ms=5.0, seed=1, n=N, slo=SLO, answered=None):
    """One probe of a server with a fixed service time."""
    intended_ns = arrivals_ns(n, rate_per_s, np.random.default_rng(seed))
    service_ns = np.full(n, round(service_ms * 1e6))
    stamps = stamps_of(intended_ns, ends_ns(intended_ns, service_ns), service_ns)
    if answered is not None:
        stamps.answered[:] = answered
    return judge(stamps, Offered(rate_per_s, seed, 1000 / service_ms), slo)


@pytest.mark.parametrize("text", ["p99_ms=100", "p95_ms = 12.5", "p90_ms=1e3"])
def test_a_limit_is_read(text):
    name, limit = text.split("=")
    assert parse_slo(text) == Slo(name.strip().removesuffix("_ms"), float(limit))


@pytest.mark.parametrize(
    "text", ["", "p99=1", "p99_ms", "p99_ms=", "p99_ms=-1", "p99_ms=nan", "p99_ms=inf", "p50_ms=3"]
)
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(ConfigError, match="Known: p90_ms, p95_ms, p99_ms. Next: for example --slo p99_ms=100"):
        parse_slo(text)


def test_a_probe_passes_fails_or_is_unresolved():
    light = probe(20.0, n=1000)
    assert (light.verdict, light.unstable) == (Verdict.PASS, False)
    assert light.tail.low <= light.tail.point <= light.tail.high <= SLO.limit_ms
    assert light.counted == 800
    assert light.keeps(0.01)
    over = probe(20.0, slo=Slo("p99", 4.0))
    assert (over.verdict, over.share_over) == (Verdict.FAIL, 1.0)
    near = probe(150.0)
    assert near.verdict is Verdict.UNRESOLVED
    assert near.tail.low <= SLO.limit_ms <= near.tail.high


def test_more_than_the_system_can_answer_is_a_failure_whatever_the_limit():
    overloaded = probe(240.0, slo=Slo("p99", 1e6))
    assert (overloaded.verdict, overloaded.unstable) == (Verdict.FAIL, True)
    assert overloaded.reason.startswith("falls behind: 8")
    assert overloaded.achieved_per_s == pytest.approx(200, rel=0.05)
    assert not overloaded.keeps(0.01)


def test_a_backlog_that_still_grows_is_a_failure_before_the_limit_is_reached():
    """1 % over what it can answer, 600 requests: 98 % are answered in time, and the wait has come to 30 ms of 50."""
    intended_ns, service_ns = arrivals_ns(N, 202.0, None), np.full(N, 5_000_000)
    stamps = stamps_of(intended_ns, ends_ns(intended_ns, service_ns), service_ns)
    found = judge(stamps, Offered(202.0, 0, OFFLINE_PER_S), SLO)
    assert found.tail.point < SLO.limit_ms
    assert found.unstable
    assert "still rising" in found.reason
    assert found.growth_ms == pytest.approx(0.8 * N * (5 - 1000 / 202), rel=0.1)


def test_a_steady_queue_hardly_ever_seems_to_grow():
    assert sum(probe(150.0, seed=seed, n=3000).unstable for seed in range(200)) <= 1


def test_requests_without_an_answer_are_over_every_limit():
    answered = np.ones(N, bool)
    answered[::20] = False
    found = probe(20.0, answered=answered)
    assert found.share_over == pytest.approx(0.05)
    assert found.tail.point == math.inf
    assert found.verdict is Verdict.FAIL
    assert not math.isfinite(found.as_row("p99")["p99_ms"])


def test_a_probe_has_enough_requests_for_its_percentile_and_no_more_than_time():
    assert short_requests(Slo("p99", 1.0)) * 0.8 > 368
    assert short_requests(Slo("p90", 1.0)) == 200
    plan = SearchPlan(SLO, 100.0, 200.0, probe_s=30.0)
    assert plan.long_requests(100.0) == 3000
    assert plan.long_requests(1.0) == plan.short_requests
    assert plan.long_requests(1e6) == 20 * plan.short_requests
    slow_queue = SearchPlan(Slo("p99", 1000.0), 100.0, 200.0, probe_s=1e6)
    assert slow_queue.long_requests(190.0) == 6 * 200**2


def test_rates_repeat_on_a_grid_of_three_digits():
    plan = SearchPlan(SLO, 98.7, 200.0)
    rates = [plan.on_grid(rate) for rate in np.linspace(60, 180, 500)]
    assert plan.on_grid(98.7) == 98.7
    assert len(set(rates)) < 60
    assert all(rate == float(f"{rate:.3g}") for rate in rates)


def searched(**changes):
    queue = KnownQueue(EXPONENTIAL, 5)
    return queue, Search(queue, SearchPlan(SLO, 100.0, OFFLINE_PER_S, **changes), lambda message: None).run()


def test_a_search_comes_from_both_sides_on_streams_of_their_own():
    queue, found = searched()
    assert [number for _, _, number in queue.calls] == list(range(len(found.probes)))
    rates = [rate for rate, requests, _ in queue.calls if requests > short_requests(SLO)]
    assert {-1.0, 1.0} <= set(np.sign(np.diff(rates)))
    assert abs((np.array(rates) > found.estimate.interval.point).mean() - 0.5) < 0.2
    assert found.estimate.order.from_above >= 4


def test_the_budget_of_time_counts_load_before_it_is_offered():
    _, found = searched(budget_s=10.0)
    assert sum(one.lasted_s for one in found.probes) < 11
    assert found.ended == "10 s are used up"
    with pytest.raises(ValueError, match="holds no single probe"):
        searched(budget_s=1.0)


def stated(**changes):
    queue, found = searched(probes=14)
    values = {
        "label": "Fake", "slo": SLO, "tolerance": 0.05, "offline": Throughput(200.0, 202.0), "alone": probe(1.0),
        "probes": found.probes, "estimate": found.estimate, "ended": found.ended,
        "confirming": queue(95.0, 12_000, 10_000),
    }  # fmt: skip
    return Capacity(**values | changes)


def test_one_sentence_says_the_range_its_share_the_probes_and_the_confirmation():
    found = stated()
    low, point, high = found.estimate.interval.low, found.estimate.interval.point, found.estimate.interval.high
    assert found.sentence.startswith(f"Fake sustains {point:.3g}/s [{low:.3g}, {high:.3g}] with p99 ≤ 50 ms; ")
    assert f"; {point / 201:.2f} of its offline throughput; 14 probes; confirmed at 95.0/s" in found.sentence
    assert any(note.endswith("±5.00 % were asked for: all 14 probes are used up.") for note in found.notes)
    failing = stated(confirming=probe(240.0))
    assert not failing.is_confirmed
    assert "; not confirmed at 240/s: falls behind" in failing.sentence
    assert stated(confirming=None).sentence.endswith("; not confirmed.")


def test_what_would_mislead_is_said():
    assert any("drifted" in note for note in stated(offline=Throughput(200.0, 150.0)).notes)
    generous = KnownQueue(slo=Slo("p99", 500.0))
    found = Search(generous, SearchPlan(generous.slo, 100.0, OFFLINE_PER_S, probe_s=5.0), lambda message: None).run()
    short = stated(slo=generous.slo, probes=found.probes, estimate=found.estimate)
    assert any("relaxation times of a queue at that load. Under 20" in note for note in short.notes)
    assert not any("relaxation" in note for note in stated().notes)
    assert "Served twice." in stated(measuring_notes=("Served twice.",)).notes


def test_json_holds_the_curve_and_no_number_that_json_does_not_have():
    content = stated().as_json()
    assert len(content["curve"]) == content["probes"] == 14
    assert content["capacity_per_s"]["low"] < content["capacity_per_s"]["point"] < content["capacity_per_s"]["high"]
    assert {row["verdict"] for row in content["curve"]} <= {"pass", "fail", "unresolved"}
    assert "inf" in {row["p99_high_ms"] for row in content["curve"]}
    assert content["monotone"] and content["status"] == "complete"


def test_the_table_has_every_probe_by_rate_and_the_confirming_run_last():
    found = stated()
    table = capacity_table(found)
    assert (table.rows[0].name, table.rows[-1].name) == ("alone", "95.0/s, confirming")
    rates = [float(row.name.removesuffix("/s")) for row in table.rows[1:-1]]
    assert rates == sorted(rates) and len(rates) == 14
    assert set(found.notes) <= set(table.notes)


@pytest.mark.parametrize("bound", list(Bound))
def test_the_picture_is_drawn_for_every_kind_of_answer_and_is_the_same_twice(bound):
    queue = {
        Bound.RANGE: KnownQueue(EXPONENTIAL, 5),
        Bound.AT_LEAST: KnownQueue(servers_unlimited=True),
        Bound.NONE: KnownQueue(slo=Slo("p99", 4.0)),
    }[bound]
    found = Search(queue, SearchPlan(queue.slo, 100.0, OFFLINE_PER_S, probes=12), lambda message: None).run()
    assert found.estimate.bound is bound
    capacity = stated(slo=queue.slo, probes=found.probes, estimate=found.estimate, confirming=None)
    first, second = draw_capacity(capacity), draw_capacity(capacity)
    assert first == second
    assert first["png"].startswith(b"\x89PNG") and b"<svg" in first["svg"]
