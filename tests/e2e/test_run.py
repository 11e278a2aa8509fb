"""One run from the scenario file to the report, through the command line and real worker processes."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mini_scenario import FAKE, TFIDF, made_run, scenario_text, write_scenario

from bench.cli import main
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import Overrides, read_scenario
from bench.store import load_run
from recsys.serving.protocols import STAGES

pytestmark = pytest.mark.pictures
LOADS = """\
[[load]]
kind = "single_stream"
requests = 80
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [100.0, 200.0]
requests = 80
[[load]]
name = "impatient"
kind = "server"
arrivals = { kind = "constant" }
rates_per_s = [2000.0]
requests = 80
timeout_ms = 5.0
[[load]]
kind = "offline"
requests = 80
"""
SLOW = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 1.0') + 'role = "reference"\n'
CACHED = """\
[[arm]]
name = "cached"
encoder = { kind = "fake", service_ms = 0.1 }
placement = "items"
serving = { kind = "microbatch" }
cache = { capacity_mb = 4 }
"""
TEXT = scenario_text(load=LOADS, arms=TFIDF + SLOW + CACHED)
POINTS = 5
ASKED = {
    "arm", "label", "role", "device", "placement", "encoder", "load", "arrivals", "offered_per_s", "achieved_per_s",
    "request_kind", "requests", "dropped", "failed", "timed_out", "refused", "saturated", "p50_ms", "p50_low_ms",
    "p50_high_ms", "p90_ms", "p95_ms", "p99_ms", "p99_low_ms", "p99_high_ms", "p999_ms", "mean_ms", "max_ms",
    "service_p50_ms", "service_p99_ms", "within_slo", "hit_p50_ms", "hit_p99_ms", "miss_p50_ms", "miss_p99_ms",
    "cache_hit_ratio", "recall_at_k", "recall_at_k_low", "recall_at_k_high", "ndcg_at_k", "fidelity_at_k",
    "overlap_at_k", "tokens_per_request", "cpu_s_per_1k", "spin_s_per_1k", "rss_peak_mb", "load_s", "verdict",
}  # fmt: skip
"""Columns of summary.csv that keep their names."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run made by the command line."""
    return made_run(tmp_path_factory.mktemp("run"), TEXT)


@pytest.fixture(scope="module")
def requests(run):
    return pq.read_table(run / "requests.parquet").to_pandas()


@pytest.fixture(scope="module")
def summary(run):
    return pd.read_csv(run / "summary.csv")


def test_the_folder_is_whole_and_latest_points_at_it(run):
    assert {path.name for path in run.parent.iterdir()} == {"latest", run.name}
    files = {path.name for path in run.iterdir()}
    assert {
        "run.json", "requests.parquet", "summary.csv", "stages.csv", "quality.csv", "report.html", "report.md",
        "figures",
    } <= files  # fmt: skip
    assert not [name for name in files if name.startswith((".", "part-"))]
    stamp, name, scenario_hash = run.name.split("_")
    assert (len(stamp), name, len(scenario_hash)) == (16, "mini", 8)


def test_summary_has_its_columns_and_a_row_for_every_cell(summary):
    assert set(summary.columns) >= ASKED
    cells = summary.groupby("request_kind").size()
    assert cells["recommend"] == 3 * POINTS
    assert cells["feedback"] <= 3 * POINTS


def test_summary_never_says_0_for_what_was_not_measured(summary):
    lists = summary[summary["request_kind"] == "recommend"]
    fake = lists[lists["arm"] == "fake"]
    assert (
        fake[["recall_at_k", "ndcg_at_k", "fidelity_at_k", "cache_hit_ratio", "p99_ms", "p999_ms"]]
        .isna()
        .all(axis=None)
    )
    assert lists[lists["load"] == "offline"][["p50_ms", "within_slo", "mean_ms"]].isna().all(axis=None)
    assert lists[lists["arm"] == "tfidf"]["recall_at_k"].notna().all()
    cached = lists[(lists["arm"] == "cached") & (lists["load"] != "impatient")]  # there perhaps nothing was looked up
    assert cached["cache_hit_ratio"].between(0, 1).all()


def test_summary_agrees_with_the_requests_it_is_made_of(summary, requests):
    counted = requests[requests["counted"] & (requests["request_kind"] == "recommend")]
    for row in summary[summary["request_kind"] == "recommend"].to_dict("records"):
        mine = counted[(counted["arm"] == row["arm"]) & (counted["load"] == row["load"])]
        if not np.isnan(row["offered_per_s"]):
            mine = mine[mine["offered_per_s"] == row["offered_per_s"]]
        assert row["requests"] == len(mine)
        assert row["timed_out"] == row["dropped"] == (mine["outcome"] == "timed_out").sum()
        if row["load"] == "single_stream":
            response_ms = np.sort((mine["observed_ns"] - mine["intended_ns"]) / 1e6)
            assert row["p50_ms"] == pytest.approx(response_ms[int(np.ceil(0.5 * len(mine))) - 1], rel=1e-5)
            bounded = not np.isnan(row["p50_low_ms"])  # so few dependent requests may have no lower bound
            assert (not bounded or row["p50_low_ms"] <= row["p50_ms"]) and row["p50_ms"] <= row["p50_high_ms"]


def test_an_overloaded_arm_gives_up_at_the_limit_and_stays_in_the_distribution(summary, requests):
    late = requests[requests["outcome"] == "timed_out"]
    assert set(late["load"]) == {"impatient"}
    assert "fake" in set(late["arm"]), "1 ms a request at 2,000 requests/s"
    assert (late["observed_ns"] - late["intended_ns"] == 5_000_000).all()
    row = summary[
        (summary["arm"] == "fake") & (summary["load"] == "impatient") & (summary["request_kind"] == "recommend")
    ].iloc[0]
    assert row["saturated"]
    assert row["timed_out"] > 0.1 * row["requests"]
    assert row["within_slo"] <= 1 - row["timed_out"] / row["requests"] + 1e-5, "the table keeps six digits"
    assert not np.isfinite(row["p90_ms"]), "a request without an answer is an infinite response time"
    assert np.isfinite(row["max_ms"]), "of those that were answered"


def test_updates_have_a_staleness_and_lists_none(summary):
    updates = (summary["request_kind"] != "recommend") & summary["p50_ms"].notna()
    assert updates.any()
    assert summary["staleness_p50_ms"][updates].tolist() == summary["p50_ms"][updates].tolist()
    assert summary["staleness_p50_ms"][~updates].isna().all()


def test_stages_partition_every_request_to_the_nanosecond(requests):
    marks = requests[[f"mark_{stage}_ns" for stage in STAGES]].to_numpy(np.int64)
    starts = np.column_stack([requests["taken_ns"], marks[:, :-1]])
    lengths = marks - starts
    assert (lengths >= 0).all()
    assert (lengths.sum(axis=1) == requests["observed_ns"] - requests["taken_ns"]).all()
    assert (requests["taken_ns"] >= requests["intended_ns"]).all()
    feedback = requests["request_kind"].to_numpy() == "feedback"
    update = np.array([stage == "update" for stage in STAGES])
    answer = np.array([stage == "respond" for stage in STAGES])
    assert (lengths[feedback][:, ~(update | answer)] == 0).all(), "feedback is an update, and told to be done"
    assert (lengths[~feedback][:, update] == 0).all()


def test_every_arm_serves_the_same_requests_at_the_same_times(requests):
    by_arm = [part.sort_values("row") for _, part in requests.groupby("arm")]
    for part in by_arm[1:]:
        for column in ("row", "user", "request_kind", "load", "block", "counted"):
            assert part[column].tolist() == by_arm[0][column].tolist()
        scheduled = part["load_kind"].to_numpy() == "server"
        gaps = [np.diff(arm["intended_ns"].to_numpy()[scheduled]) for arm in (part, by_arm[0])]
        same_block = np.diff(part["block"].to_numpy()[scheduled]) == 0
        assert (gaps[0] == gaps[1])[same_block].all()


def test_quality_stands_beside_its_floors(run, requests):
    quality = pd.read_csv(run / "quality.csv")
    floors = quality[quality["is_floor"]]
    assert set(floors["arm"]) == {"random", "popularity", "recent_popularity", "tfidf_floor"}
    assert set(floors["metric"]) == {"recall", "ndcg", "satisfaction_proxy", "diversity", "novelty"}
    assert quality["value"][quality["metric"] != "novelty"].between(0, 1).all()
    assert (quality["value"][quality["metric"] == "novelty"] > 0).all()
    of_users = quality[~quality["metric"].isin(["coverage", "exposure_gini"])]
    assert ((of_users["low"] <= of_users["value"]) & (of_users["value"] <= of_users["high"])).all()
    assert set(quality["metric"]) >= {"coverage", "exposure_gini"}, "of arms"
    arms = quality[~quality["is_floor"]]
    assert "fake" not in set(arms["arm"]), "made-up vectors have no quality"
    recall = quality[(quality["metric"] == "recall") & (quality["group"] == "all")].set_index("arm")["value"]
    lists = requests[(requests["arm"] == "tfidf") & (requests["request_kind"] == "recommend")]
    lost = (lists["outcome"] != "answered").mean()  # a busy machine times some out at the highest rate
    same = pytest.approx(recall["tfidf_floor"], abs=lost)
    assert recall["tfidf"] == same, "the same recommender on the same requests"


def test_run_json_says_what_was_run(run):
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert told["schema_version"] == 1
    assert told["id"] == run.name
    assert told["status"] == "complete"
    assert told["scenario_text"] == TEXT
    assert told["scenario"]["seed"] == 7
    assert [arm["status"] for arm in told["arms"]] == ["measured"] * 3
    assert len(told["blocks"]) == 3 * POINTS * 2
    assert set(told["schedules_sha256"]) == {
        f"{point} block {block}"
        for point in ("server-1 100/s", "server-1 200/s", "impatient 2000/s")
        for block in (0, 1)
    }
    assert told["data"]["simulated"]
    assert told["verdict"] in ("VALID", "DEGRADED", "INVALID")
    assert told["answer"]


def test_the_order_of_arms_is_balanced_over_blocks(run):
    blocks = json.loads((run / "run.json").read_text(encoding="utf-8"))["blocks"]
    order = [block["arm"] for block in blocks]
    for place in range(0, len(order), 6):
        assert order[place : place + 3] == order[place + 3 : place + 6][::-1]


def test_show_as_json_agrees_with_the_run(run, summary, capsys):
    assert main(["show", str(run), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for name in ("answer", "verdict", "findings", "id", "status"):
        assert shown[name] == told[name]
    assert [row["label"] for row in shown["summary"]] == summary["label"].tolist(), "labels as they were written"
    assert shown["summary"][0]["p50_ms"] == pytest.approx(summary["p50_ms"][0], rel=1e-5)


def test_show_prints_the_answer(run, capsys):
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert main(["show", str(run)]) == 0
    assert told["answer"] in capsys.readouterr().out


def test_the_report_made_anew_has_the_same_bytes(run, capsys):
    files = ["report.html", "report.md", "summary.csv", "stages.csv", "quality.csv", "tax.csv", "run.json"]
    before = {name: (run / name).read_bytes() for name in files}
    assert main(["report", str(run)]) == 0
    assert str(run / "report.html") in capsys.readouterr().out
    assert {name: (run / name).read_bytes() for name in files} == before
    assert len(before["report.html"]) < 2_000_000


def measured(folder, *values):
    """A smaller run without a report: what it asked, when, and what it was answered, by arm, block and row."""
    text = scenario_text(
        load=LOADS.split("[[load]]\nname")[0].replace("80", "40").replace("100.0, ", ""), arms=TFIDF + FAKE
    )
    file = read_scenario(write_scenario(folder, text), Overrides(values))
    stored = load_run(run_scenario(RunRequest(file, (), folder / "results"), lambda message: None))
    rows = stored.requests.sort_values(["arm", "row"]).reset_index(drop=True)
    rows["recommended"] = [tuple(items) for items in rows["recommended"]]
    rows["due_ns"] = rows["intended_ns"].where(rows["load_kind"] == "server", 0)
    rows["due_ns"] -= rows.groupby(["arm", "load", "block"])["due_ns"].transform("first")
    same = ["arm", "load", "block", "row", "request_kind", "due_ns", "recommended", "tokens", "counted", "recall_at_k"]
    return stored.run, rows[same]


def test_the_same_seed_asks_and_answers_the_same(tmp_path, monkeypatch):
    """Again, and with the blocks' arms in another order and in two processes: only the times may differ."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, rows = measured(tmp_path / "one")
    monkeypatch.setattr("bench.runner._Run._order", lambda run, part: sorted(run.arms, reverse=True))
    second, again = measured(tmp_path / "two", "blocks.processes=2")
    pd.testing.assert_frame_equal(rows, again)
    assert first["trace_sha256"] == second["trace_sha256"]
    assert first["schedules_sha256"] == second["schedules_sha256"]
    assert [block["arm"] for block in first["blocks"]] != [block["arm"] for block in second["blocks"]]
    assert len(rows) == 2 * (40 + 50 + 0)
