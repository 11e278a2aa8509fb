"""Faults planted on a real run, and it says so: a busy neighbour, a stalled worker, a late inbox, too few requests."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
from mini_scenario import scenario_text, write_scenario

from bench.analysis.conclude import conclude, write_statements
from bench.analysis.statements import Verdict
from bench.analysis.summary import summarise
from bench.analysis.validity import judge
from bench.clock import MonotonicClock
from bench.measure.assignment import Assignment, read_trace
from bench.measure.pool import WorkerPool
from bench.measure.slices import cut_slices
from bench.measure.worker import Serve, Worker
from bench.rows import Origin, block_rows
from bench.run_entries import block_entry
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from bench.store import load_run

SERVER = """\
[[load]]
kind = "server"
requests = 400
arrivals = { kind = "poisson" }
rates_per_s = [200.0]
"""
SLOW_FAKE = """\
[[arm]]
name = "fake"
encoder = { kind = "fake", service_ms = 1.0 }
placement = "profile"
"""
BURN = "import os, time\nprint('burning', flush=True)\nwhile os.getppid() > 1 and time.monotonic() < {end}: pass"


@contextlib.contextmanager
def busy_neighbours(n):
    """Processes that compute all the time."""
    code = BURN.format(end=time.monotonic() + 120)
    burners = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(n)]
    try:
        for burner in burners:
            assert burner.stdout.readline()
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def stop_worker_in_its_first_block(monkeypatch, after_s, for_s):
    """Suspend the worker's process, once, so long after it was asked to serve."""
    serve = WorkerPool.serve

    def suspend(process):
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(for_s)
        os.kill(process.pid, signal.SIGCONT)

    def serve_suspended(self, name, command):
        if command.slice.block == 0:
            threading.Thread(target=suspend, args=(self._workers[name][0],), daemon=True).start()
        return serve(self, name, command)

    monkeypatch.setattr(WorkerPool, "serve", serve_suspended)


def run(tmp_path, load=SERVER, beside=None):
    """The run's run.json and its rows. beside: what goes on while it is measured, and no longer."""
    file = read_scenario(write_scenario(tmp_path, scenario_text(load=load, arms=SLOW_FAKE)))
    with beside or contextlib.nullcontext():
        folder = run_scenario(RunRequest(file, (), tmp_path), lambda message: None)
    write_statements(conclude(load_run(folder)), folder)
    return json.loads((folder / "run.json").read_text()), pd.read_parquet(folder / "requests.parquet")


def checks(stored):
    return {finding["check"]: finding for finding in stored["findings"]}


def test_a_busy_neighbour_is_noticed(tmp_path):
    stored, _ = run(tmp_path, beside=busy_neighbours(os.cpu_count() or 1))
    assert stored["verdict"] == "INVALID"
    assert checks(stored)["other load"]["verdict"] == "INVALID"
    waiting = stored["arms"][0]["waiting"][0]
    assert waiting["spin_us"] == 0, "no core is free, so the inbox must not spin"
    assert "others use" in waiting["why"] or "usable" in waiting["why"]


def test_a_worker_that_is_stopped_for_a_while_is_noticed_and_those_who_waited_are_counted(tmp_path, monkeypatch):
    stop_worker_in_its_first_block(monkeypatch, after_s=1.0, for_s=3.0)
    stored, rows = run(tmp_path, SERVER.replace("requests = 400", "requests = 800"))
    assert {"stall", "lateness"} & set(checks(stored)), checks(stored)
    first = rows[rows["block"] == 0]
    response_ms = (first["observed_ns"] - first["intended_ns"]) / 1e6
    assert response_ms.max() > 2_500
    assert (response_ms > 500).sum() > 50, "at 200/s hundreds of requests fell due in the stop"
    from_send_ms = (first["observed_ns"] - first["taken_ns"]) / 1e6
    assert (from_send_ms > 500).sum() <= 1, "counted from sending, hardly anybody would have waited"


def test_too_few_requests_make_a_run_invalid(tmp_path):
    stored, _ = run(tmp_path, load='[[load]]\nkind = "single_stream"\nrequests = 4\n')
    assert stored["verdict"] == "INVALID"
    assert "too few requests" in checks(stored)


class LateClock:
    """A worker's clock whose sleeps end 3 ms late."""

    def __init__(self, clock):
        self._clock = clock
        self.now_ns = clock.now_ns
        self.spin_ns = 0

    @property
    def spun_ns(self):
        return self._clock.spun_ns

    def wait_until_ns(self, deadline_ns):
        if deadline_ns > self.now_ns():
            self._clock.wait_until_ns(deadline_ns + 3_000_000)


def test_an_inbox_that_wakes_late_is_noticed(tmp_path, monkeypatch):
    """In this process, since the clock of a worker cannot be reached from outside."""
    monkeypatch.setattr("bench.measure.worker.MonotonicClock", lambda: LateClock(MonotonicClock()))
    fast = SLOW_FAKE.replace("service_ms = 1.0", "service_ms = 0.0")
    scenario = read_scenario(write_scenario(tmp_path, scenario_text(load=SERVER, arms=fast))).scenario
    _, slices = cut_slices(scenario)
    assignment = Assignment(scenario, scenario.arm[0], (), slices[-1].high)
    worker = Worker(assignment, read_trace(assignment))
    worker.look_around()
    intended_ns = np.arange(len(slices[0]), dtype=np.int64) * 5_000_000
    served = worker.serve(Serve(slices[0], intended_ns))
    rows = block_rows(Origin(scenario.arm[0], slices[0], 0, 0, worker.trace, b"salt"), served).to_pandas()
    assert rows["lateness_ns"].median() > 2_500_000
    run = {
        "status": "complete",
        "arms": [{"name": "fake", "label": "fake", "role": "", "device": "cpu", "placement": "profile",
                  "encoder": "fake", "load_s": [1.0], "status": "measured", "reason": ""}],
        "blocks": [block_entry("fake", slices[0], 0, served)],
        "scenario": scenario.model_dump(mode="json"),
        "environment": {"load_average": {"cores": 2}},
        "data": {"items": 600},
    }  # fmt: skip
    for column in ("recall_at_k", "ndcg_at_k", "fidelity_at_k", "overlap_at_k", "diversity", "novelty"):
        rows[column] = np.nan
    verdict, findings = judge(run, rows, summarise(run, rows))
    late = next(finding for finding in findings if finding.check == "lateness")
    assert verdict is late.verdict is Verdict.INVALID
