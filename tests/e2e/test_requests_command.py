"""The command requests: what it writes is what a run serves, and a run from that file is the same run."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mini_scenario import TFIDF, scenario_text, write_scenario

from bench.cli import main
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import Overrides, read_scenario
from bench.store import load_run
from recsys.serving.protocols import STAGES

REQUESTS = """\
[requests]
history = 10
k = 10
feedback_share = 0.1
ingest_share = 0.1
repeat = "zipf"
zipf_s = 0.8
"""
LOAD = """\
[[load]]
kind = "single_stream"
requests = 20
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [200.0]
requests = 40
"""
N = 5 + 20 + 2 * (20 + 5)
"""Warm-up, single stream, and two blocks of the server whose first fifth settles."""
SAME = ["load", "block", "row", "request_kind", "outcome", "tokens", "counted", "recall_at_k"]


@pytest.fixture
def scenario(tmp_path):
    return write_scenario(tmp_path, scenario_text(requests=REQUESTS, load=LOAD, arms=TFIDF))


def run(scenario, folder, *values, data_dir=Path()):
    file = read_scenario(scenario, Overrides(values))
    return load_run(run_scenario(RunRequest(file, (data_dir,), folder), lambda message: None))


def test_a_run_from_the_written_file_is_the_same_run(scenario, tmp_path, capsys):
    out = tmp_path / "data" / "asked.parquet"
    out.parent.mkdir()
    assert main(["requests", scenario, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    kinds = Counter(pq.read_table(out)["request_kind"].to_pylist())
    assert kinds == {"recommend": 59, "feedback": 8, "ingest": 8}
    assert f"{out}: {N} requests: 59 recommend, 8 feedback, 8 ingest" in " ".join(told.split())

    first = run(scenario, tmp_path / "one")
    replay = ("requests.kind=file", "requests.path=asked.parquet")
    again = run(scenario, tmp_path / "two", *replay, data_dir=out.parent)
    assert first.run["trace_sha256"] == again.run["trace_sha256"]
    assert first.run["trace_sha256"] in told
    assert first.run["schedules_sha256"] == again.run["schedules_sha256"]
    rows = [stored.requests.sort_values("row").reset_index(drop=True) for stored in (first, again)]
    assert rows[0][SAME].equals(rows[1][SAME])
    assert [tuple(items) for items in rows[0]["recommended"]] == [tuple(items) for items in rows[1]["recommended"]]
    assert rows[0]["user"].isna().equals(rows[0]["request_kind"] == "ingest"), "an item has no user"
    indexing = rows[0]["mark_index_ns"] > rows[0][f"mark_{STAGES[STAGES.index('index') - 1]}_ns"]
    assert indexing.equals(rows[0]["request_kind"] == "ingest")

    words = [word for value in replay for word in ("--set", value)]
    for suffix in (".csv", ".csv.gz", ".parquet"):
        twice = [tmp_path / f"{name}{suffix}" for name in ("drawn", "replayed")]
        assert main(["requests", scenario, "--out", str(twice[0])]) == 0
        assert main(["requests", scenario, "--out", str(twice[1]), *words, "--data-dir", str(out.parent)]) == 0
        assert twice[0].read_bytes() == twice[1].read_bytes()
    assert (tmp_path / "drawn.parquet").read_bytes() == out.read_bytes()


def refused(capsys, *words):
    assert main(["requests", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return " ".join(told.err.split())


def test_a_file_that_is_there_stays_unless_it_is_forced(scenario, tmp_path, capsys):
    out = tmp_path / "kept.csv"
    out.write_text("mine", encoding="utf-8")
    assert "is there already. Next: another --out, or --force" in refused(capsys, scenario, "--out", str(out))
    assert out.read_text(encoding="utf-8") == "mine"
    assert main(["requests", scenario, "--out", str(out), "--force"]) == 0
    assert out.read_text(encoding="utf-8").startswith("timestamp,request_kind,user_id,query,item_id,event_kind")


def test_what_cannot_be_written_leaves_nothing_behind(scenario, tmp_path, capsys):
    assert "unknown format" in refused(capsys, scenario, "--out", str(tmp_path / "a.txt"))
    assert "cannot be written" in refused(capsys, scenario, "--out", str(tmp_path / "none" / "a.csv"))
    assert "requests wanted" in refused(
        capsys, scenario, "--out", str(tmp_path / "a.csv"), "--set", "requests.repeat=unique",
        "--set", "load.0.requests=100000",
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["mini.toml"]


def test_a_run_that_is_longer_than_its_file_is_told_before_anything_is_measured(scenario, tmp_path, capsys):
    assert main(["requests", scenario, "--out", str(tmp_path / "short.csv.gz")]) == 0
    capsys.readouterr()
    words = ["requests.kind=file", "requests.path=short.csv.gz", "load.0.requests=30"]
    sets = [word for value in words for word in ("--set", value)]
    assert main(["run", scenario, *sets, "--data-dir", str(tmp_path), "--out", str(tmp_path / "results")]) == 2
    assert f"it has {N} requests, but the scenario wants {N + 10}" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "results").exists()


def test_help_says_that_the_file_holds_users_ids(capsys):
    assert main(["requests", "--help"]) == 0
    assert "holds the users' own ids and words" in " ".join(capsys.readouterr().out.split())


def test_a_dry_run_counts_the_lists_that_the_file_asks_for(scenario, tmp_path, capsys):
    longer = ["--set", "load.1.requests=80"]
    mostly_feedback = ["--set", "requests.feedback_share=0.6", *longer]
    assert main(["requests", scenario, "--out", str(tmp_path / "asked.csv"), *mostly_feedback]) == 0
    assert main(["run", scenario, "--dry-run", *longer]) == 0
    assert "server 200/s: too few requests for p95" in capsys.readouterr().out, "p90 needs 36, and 64 ask for lists"
    replay = ["--set", "requests.kind=file", "--set", "requests.path=asked.csv", "--data-dir", str(tmp_path)]
    assert main(["run", scenario, "--dry-run", *longer, *replay]) == 0
    assert "server 200/s: too few requests for p90" in capsys.readouterr().out
