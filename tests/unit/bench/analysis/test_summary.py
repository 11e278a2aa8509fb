"""summary.csv on runs whose every number is known."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.summary import IDENTITY, metric_columns, summarise

EVEN = np.random.default_rng(1).permutation(np.linspace(1, 50, 400))
AT_RATE = {"load": "server", "load_kind": "server", "offered_per_s": 10.0}


def summary_of(*rows, **changes):
    requests = pd.concat(rows, ignore_index=True)
    arms = [make_arm(name) for name in dict.fromkeys(requests["arm"])]
    return summarise(make_run(arms, requests, **changes), requests)


def test_percentiles_are_order_statistics_of_the_response_time():
    row = summary_of(make_rows("a", EVEN)).iloc[0]
    rising = np.sort(EVEN)
    assert row["p50_ms"] == pytest.approx(rising[199], abs=1e-6)
    assert row["p90_ms"] == pytest.approx(rising[359], abs=1e-6)
    assert row["p99_ms"] == pytest.approx(rising[395], abs=1e-6)
    assert np.isnan(row["p999_ms"]), "400 requests do not carry it"
    assert row["p50_low_ms"] < row["p50_ms"] < row["p50_high_ms"]
    assert row["mean_ms"] == pytest.approx(EVEN.mean(), abs=1e-5)
    assert row["max_ms"] == 50


def test_response_counts_the_queue_and_service_does_not():
    row = summary_of(make_rows("a", np.full(400, 30.0), queue_ms=20.0)).iloc[0]
    assert (row["p50_ms"], row["service_p50_ms"]) == (30.0, 10.0)


def test_requests_without_an_answer_are_infinite_and_counted_by_kind():
    outcome = np.array(["answered"] * 340 + ["timed_out"] * 50 + ["failed"] * 6 + ["refused"] * 4)
    row = summary_of(make_rows("a", np.full(400, 10.0), outcome=outcome)).iloc[0]
    assert (row["dropped"], row["timed_out"], row["failed"], row["refused"]) == (60, 50, 6, 4)
    assert row["p50_ms"] == 10.0
    assert np.isinf(row["p90_ms"])
    assert (row["mean_ms"], row["max_ms"]) == (10.0, 10.0)
    assert row["within_slo"] == 340 / 400


def test_the_slo_is_counted_from_the_intended_time():
    row = summary_of(make_rows("a", np.repeat([90.0, 110.0], [300, 100]), queue_ms=85.0)).iloc[0]
    assert row["within_slo"] == 0.75


def test_offline_has_a_throughput_and_no_latency():
    rows = make_rows("a", np.linspace(1, 1000, 400), load="offline", load_kind="offline", gap_ms=0.0)
    row = summary_of(rows).iloc[0]
    assert row[["p50_ms", "mean_ms", "within_slo"]].isna().all()
    assert row["achieved_per_s"] == pytest.approx(400 / (0.25 + 0.5 + 0.75 + 1.0), rel=0.01)


def test_requests_that_settle_are_served_and_not_counted():
    rows = make_rows("a", np.where(np.arange(400) % 100 < 20, 500.0, 5.0), counted=np.arange(400) % 100 >= 20)
    row = summary_of(rows).iloc[0]
    assert (row["requests"], row["p50_ms"], row["max_ms"]) == (320, 5.0, 5.0)


def test_a_queue_that_grows_is_saturated_and_one_that_does_not_is_not():
    steady = make_rows("a", np.full(400, 30.0), **AT_RATE)
    assert not summary_of(steady)["saturated"].iloc[0]
    wait_ms = (np.arange(400) % 100) * 50.0
    growing = make_rows("a", wait_ms + 30, queue_ms=wait_ms, **AT_RATE)
    assert summary_of(growing)["saturated"].iloc[0]
    lost = make_rows("a", np.full(400, 30.0), outcome=["answered", "timed_out"] * 200, **AT_RATE)
    assert summary_of(lost)["saturated"].iloc[0]


def test_a_rate_above_the_arms_own_throughput_is_saturated_however_short_its_blocks():
    offline = make_rows("a", np.linspace(1, 100, 40) * 500, load="offline", load_kind="offline", gap_ms=0.0)
    found = summary_of(make_rows("a", np.full(40, 30.0), **AT_RATE), offline)
    assert found.set_index("load")["saturated"].to_dict() == {"server": True, "offline": False}


def test_cost_leaves_the_spinning_of_the_inbox_out():
    row = summary_of(make_rows("a", EVEN)).iloc[0]
    assert row["cpu_s_per_1k"] == pytest.approx(1000 * 4 * (0.5 - 0.1) / 400)
    assert row["spin_s_per_1k"] == pytest.approx(1000 * 4 * 0.1 / 400)
    assert row["rss_peak_mb"] == 200.0
    assert row["load_s"] == 1.5


def test_hits_and_misses_stand_apart():
    hit = np.arange(400) % 4 != 0
    rows = make_rows("a", np.where(hit, 2.0, 40.0), cache_hit=pd.array(hit, "boolean"), tokens=np.where(hit, 0, 8))
    row = summary_of(rows).iloc[0]
    assert row["cache_hit_ratio"] == 0.75
    assert (row["hit_p50_ms"], row["miss_p50_ms"]) == (2.0, 40.0)
    assert row["tokens_per_request"] == 2.0


def test_quality_is_the_mean_over_users_not_over_requests():
    rows = make_rows("a", EVEN, user=["often"] * 300 + ["rare"] * 100, recall_at_k=np.repeat([0.0, 1.0], [300, 100]))
    assert summary_of(rows)["recall_at_k"].iloc[0] == 0.5


def test_kinds_of_requests_arms_and_rates_are_cells_of_their_own_in_order():
    feedback = make_rows("a", np.full(40, 1.0), request_kind="feedback")
    faster = make_rows("b", np.full(40, 1.0), **(AT_RATE | {"offered_per_s": 20.0}))
    found = summary_of(feedback, make_rows("a", EVEN), faster, make_rows("b", EVEN, **AT_RATE))
    cells = list(zip(found["arm"], found["load"], found["request_kind"], found["offered_per_s"].fillna(0), strict=True))
    assert cells == [
        ("a", "single_stream", "recommend", 0), ("a", "single_stream", "feedback", 0),
        ("b", "server", "recommend", 10), ("b", "server", "recommend", 20),
    ]  # fmt: skip
    assert list(found.columns) == [*IDENTITY, *metric_columns()]
