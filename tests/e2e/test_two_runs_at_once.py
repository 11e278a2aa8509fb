"""Two runs at once, on one results folder and one model cache, do not harm each other, and one is told of the other."""

import subprocess
import sys
from pathlib import Path

from mini_scenario import FAKE, LOAD, scenario_text, write_scenario

from bench.analysis.conclude import conclude
from bench.measure.company import Company
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from bench.store import RunFolder, load_run

ROOT = Path(__file__).parents[2]
SLOW = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 10.0')


def test_both_are_whole_and_one_says_that_it_was_not_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path / "cache"))
    results, scenario = (
        tmp_path / "results",
        write_scenario(tmp_path, scenario_text(load=LOAD.replace("20", "300"), arms=SLOW)),
    )
    words = [sys.executable, "run_bench.py", "run", scenario, "--out", str(results)]
    runs = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    told = [run.communicate(timeout=180)[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    folders = sorted(results.glob("2*"))
    assert len(folders) == 2 and not list(results.glob("*.partial"))
    statements = [conclude(load_run(folder)) for folder in folders]
    assert [len(one.requests) for one in statements] == [300, 300]
    assert sorted(one.run["measured_alone"] for one in statements) == [False, True]
    (crowded,) = (one for one in statements if not one.run["measured_alone"])
    assert "other run" in {finding.check for finding in crowded.findings}
    assert (results / "latest").resolve() in [folder.resolve() for folder in folders]


def test_runs_one_after_the_other_are_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path / "cache"))
    with Company() as first, Company() as second:
        assert (first.is_alone, second.is_alone) == (True, False)
    with Company() as third:
        assert third.is_alone


def test_a_cache_folder_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path / "file" / "below"))
    with Company() as company:
        assert company.is_alone


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    names = [RunFolder(tmp_path, "one").partial.name for _ in range(3)]
    assert names == ["one.partial", "one-2.partial", "one-3.partial"]


def test_the_same_scenario_and_seed_are_the_same_run_whatever_the_order(tmp_path, monkeypatch):
    """Schedules, requests, lists and counters; the arms' order within a block is turned round."""
    arms = FAKE + SLOW.replace('name = "fake"', 'name = "slow"')
    asked = RunRequest(read_scenario(write_scenario(tmp_path, scenario_text(arms=arms))), (), tmp_path / "results")
    first = load_run(run_scenario(asked, lambda message: None))
    monkeypatch.setattr("bench.runner._Run._order", lambda run, part: list(run.arms)[::-1])
    again = load_run(run_scenario(asked, lambda message: None))
    for name in ("scenario_hash", "trace_sha256", "schedules_sha256"):
        assert first.run[name] == again.run[name]
    columns = ["arm", "row", "request_kind", "tokens", "padded_tokens", "outcome", "recommended"]
    sides = [run.requests.sort_values(["arm", "row"])[columns].map(str) for run in (first, again)]
    assert sides[0].to_numpy().tolist() == sides[1].to_numpy().tolist()
