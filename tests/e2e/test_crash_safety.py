"""A run that breaks keeps what it measured: workers that die or hang, a full disk, and going on where it ended."""

import errno
import multiprocessing
import os
import shutil
import signal

import numpy as np
import pytest
from interrupted import interrupt_second_block
from mini_scenario import FAKE, TFIDF, made_run, scenario_text, write_scenario

import bench.store
from bench.cli import main
from bench.measure import pool, worker
from bench.measure.pool import WorkerPool
from bench.measure.wire import receive
from bench.resumption import read_kept
from bench.store import load_run

BROKEN_DEVICE = """
class OnGpu:
    asked = 0

    def start(self, items, user_ids):
        self.answer = [item.item_id for item in items]

    def recommend(self, requests):
        type(self).asked += 1
        if self.asked > 15:  # ten of the warm-up, and half of the first block
            raise RuntimeError("CUDA error: device-side assert triggered")
        return [self.answer[: asked.k] for asked in requests]
"""
STAMPS = ["intended_ns", "taken_ns", "observed_ns"]
OTHER = FAKE.replace('name = "fake"', 'name = "other"')
SCORED = scenario_text(arms=TFIDF + FAKE)
"""Two arms, one of which has lists that are scored; where none need be, two fake ones start faster."""


def run(folder, *words, text=None):
    scenario = write_scenario(folder, text or scenario_text(arms=OTHER + FAKE))
    return main(["run", scenario, "--out", str(folder / "results"), *words])


def left_behind(folder):
    (partial,) = (folder / "results").glob("*.partial")
    return partial


def newest(folder):
    return load_run((folder / "results" / "latest").resolve())


def fill_disk(monkeypatch, name):
    """No room is left from the first file of this name on."""
    replace_file, full = bench.store.replace_file, []

    def refused(path, write):
        if path.name == name or full:
            full.append(path.name)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(path, write)

    monkeypatch.setattr(bench.store, "replace_file", refused)


def kill_in_second_block(monkeypatch, arm):
    """The system kills an arm's worker in the middle of its second block."""
    serve, asked = WorkerPool.serve, []

    def killed(workers, name, command):
        asked.append(name)
        if name == arm and asked.count(arm) == 2:
            os.kill(workers._workers[name][0].pid, signal.SIGKILL)
        return serve(workers, name, command)

    monkeypatch.setattr(WorkerPool, "serve", killed)


def test_a_killed_worker_leaves_with_its_reason_and_the_others_stay(tmp_path, monkeypatch):
    kill_in_second_block(monkeypatch, "fake")
    assert run(tmp_path) == 0
    stored = newest(tmp_path)
    arms = {arm["name"]: arm for arm in stored.run["arms"]}
    assert arms["fake"]["status"] == "failed"
    assert "exit code -9" in arms["fake"]["reason"] or "worker is gone" in arms["fake"]["reason"]
    blocks = [(block["arm"], block["block"]) for block in stored.run["blocks"]]
    assert sorted(blocks) == [("fake", 0), ("other", 0), ("other", 1)]


def test_a_hung_worker_is_ended_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "SERVE_LIMIT_S", 2.0)
    hung = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 60000.0')
    blocks = "[blocks]\nwarmup_requests = 0\ncount = 2\n"
    assert run(tmp_path, text=scenario_text(arms=OTHER + hung, blocks=blocks)) == 0
    arms = {arm["name"]: arm for arm in newest(tmp_path).run["arms"]}
    assert arms["fake"]["status"] == "failed"
    assert arms["fake"]["reason"] == "no answer within 2 s"
    assert arms["other"]["status"] == "measured"


def test_an_arm_for_which_memory_runs_out_says_so(monkeypatch):
    def no_room(assignment):
        raise MemoryError("64 GB more are needed")

    monkeypatch.setattr(worker, "read_trace", no_room)
    monkeypatch.setattr(worker, "end_with_parent", lambda: None)
    handler = signal.getsignal(signal.SIGINT)
    ours, theirs = multiprocessing.Pipe()
    try:
        worker.run_worker(theirs, None)
    finally:
        signal.signal(signal.SIGINT, handler)
    failure = receive(ours)
    assert failure.cause is worker.Cause.FAULT
    assert failure.reason == "MemoryError: 64 GB more are needed"


def test_a_device_that_breaks_ends_its_arm_and_no_other(tmp_path, monkeypatch):
    """A CUDA error stays for the rest of its process: what was answered before it is kept, then the arm leaves."""
    (tmp_path / "broken_device.py").write_text(BROKEN_DEVICE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    broken = '[[arm]]\nname = "gpu"\ntarget = { kind = "python", object = "broken_device:OnGpu" }\n'
    assert run(tmp_path, "--strict", text=scenario_text(requests="", arms=OTHER + broken)) in (3, 4)
    stored = newest(tmp_path)
    arms = {arm["name"]: arm for arm in stored.run["arms"]}
    assert (arms["gpu"]["status"], arms["other"]["status"]) == ("failed", "measured")
    assert "CUDA error: device-side assert triggered" in arms["gpu"]["reason"]
    kept = stored.requests[stored.requests["arm"] == "gpu"]
    assert kept["outcome"].value_counts().to_dict() == {"answered": 5, "failed": 5}


def test_a_full_disk_keeps_the_blocks_before_it_and_the_run_goes_on_later(tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        fill_disk(patched, "part-00002.parquet")
        assert run(tmp_path) == 2
    told = capsys.readouterr().err
    assert "No space left on device" in told and "run --resume" in told and "Traceback" not in told
    partial = left_behind(tmp_path)
    stored = load_run(partial)
    assert (stored.run["status"], len(stored.run["blocks"])) == ("stopped", 2)
    assert not list(partial.glob(".*.tmp"))
    assert main(["show", str(partial)]) == 0
    assert main(["report", str(partial)]) == 0
    assert (partial / "report.html").exists()
    assert main(["run", "--resume", str(partial), "--out", str(tmp_path / "results")]) == 0
    whole = newest(tmp_path)
    assert (whole.run["status"], len(whole.run["blocks"])) == ("complete", 4)


def test_a_disk_that_is_full_at_the_end_loses_no_block(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        fill_disk(patched, "requests.parquet")
        assert run(tmp_path, text=scenario_text()) == 2
    assert len(load_run(left_behind(tmp_path)).requests) == 20


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A folder of results, in which is a run of SCORED that was interrupted after its first block."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patched:
        interrupt_second_block(patched)
        assert run(folder, text=SCORED) == 130
    return folder / "results"


@pytest.fixture(scope="module")
def resumed(stopped, tmp_path_factory):
    """A folder of results with that run, and with the one that went on with it."""
    results = tmp_path_factory.mktemp("resumed") / "results"
    shutil.copytree(stopped, results, symlinks=True)
    assert main(["run", "--resume", str(results / "latest"), "--out", str(results)]) == 0
    return results


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with a run of SCORED that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    made_run(folder, SCORED)
    return folder


def test_a_report_that_cannot_be_written_says_that_the_run_is_whole(whole, monkeypatch, capsys):
    def read_only(path, table):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("bench.analysis.conclude.write_table", read_only)
    capsys.readouterr()
    assert main(["report", str(newest(whole).folder)]) == 2
    assert "what was measured is whole" in capsys.readouterr().err


def test_a_resumed_run_keeps_what_was_measured_and_measures_the_rest(stopped, resumed):
    first_run, second_run = load_run((stopped / "latest").resolve()), load_run((resumed / "latest").resolve())
    assert len(first_run.run["blocks"]) == 1
    assert second_run.run["id"] != first_run.run["id"], "the earlier run stays as it is"
    assert load_run(resumed / first_run.run["id"]).run["status"] == "stopped"
    places = {(block["arm"], block["block"]) for block in second_run.run["blocks"]}
    assert places == {("tfidf", 0), ("tfidf", 1), ("fake", 0), ("fake", 1)}
    assert [earlier["id"] for earlier in second_run.run["resumed"]] == [first_run.run["id"]]
    assert any("resumed from" in warning for warning in second_run.run["warnings"])
    for name in ("scenario_hash", "trace_sha256", "schedules_sha256", "command"):
        assert second_run.run[name] == first_run.run[name]
    first, rows = first_run.run["blocks"][0], second_run.requests
    kept = rows[(rows["arm"] == first["arm"]) & (rows["block"] == first["block"])].sort_values("row")
    assert np.array_equal(kept[STAMPS].to_numpy(), first_run.requests.sort_values("row")[STAMPS].to_numpy())
    assert kept["recommended"].tolist() == first_run.requests.sort_values("row")["recommended"].tolist()
    of_user = rows.groupby("row", observed=True)["user"].nunique()
    assert (of_user == 1).all(), "one hash a user, whoever measured the block"
    asked = rows.query("arm == 'tfidf' and request_kind == 'recommend'")
    assert asked["recall_at_k"].notna().mean() > 0.9


def test_a_resumed_run_scores_as_one_that_was_never_stopped(resumed, whole):
    sides = [load_run((results / "latest").resolve()).requests for results in (resumed, whole / "results")]
    again, once = (rows.astype({"arm": str}).sort_values(["arm", "row"]) for rows in sides)
    assert again["recommended"].tolist() == once["recommended"].tolist()
    assert again["recall_at_k"].fillna(-1).tolist() == once["recall_at_k"].fillna(-1).tolist()


def test_what_a_cache_holds_is_never_guessed(tmp_path, monkeypatch):
    cached = FAKE + "cache = { capacity_mb = 1 }\n"
    with monkeypatch.context() as patched:
        interrupt_second_block(patched)
        assert run(tmp_path, text=scenario_text(arms=cached)) == 130
    kept = read_kept(tmp_path / "results" / "latest")
    assert list(kept.blocks(kept.file.scenario)) == [], "its load point was left in the middle"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "either SCENARIO or --resume"),
        (["--resume", "results/latest", "--set", "seed=3"], "own scenario"),
        (["--resume", "results/none"], "no run.json there"),
        (["--resume", "results/latest"], "all of its 4 blocks were measured"),
    ],
)
def test_what_cannot_be_resumed_is_told(whole, monkeypatch, capsys, words, told):
    monkeypatch.chdir(whole)
    assert main(["run", *words]) == 2
    assert told in capsys.readouterr().err


def test_other_requests_are_never_mixed_in(stopped, tmp_path, capsys):
    results = shutil.copytree(stopped, tmp_path / "results", symlinks=True)
    run = (results / "latest").resolve()
    bench.store.amend_run(run, {"trace_sha256": "0" * 64})
    assert main(["run", "--resume", str(run)]) == 2
    assert "trace_sha256" in capsys.readouterr().err
