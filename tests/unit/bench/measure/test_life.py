"""What one process of a gate says of an arm that burns, or only waits, a known time: its CPU seconds and counters."""

import multiprocessing

import pytest
from mini_scenario import scenario_text, write_scenario

from bench.measure import worker
from bench.measure.assignment import Assignment, read_trace
from bench.measure.life import Part, live
from bench.measure.probes import Subject
from bench.measure.slices import cut_slices
from bench.measure.wire import receive
from bench.measure.worker import Failure
from bench.scenario_file import read_scenario

MODULE = """
import time


class Burns:
    def __init__(self, burnt_ms=0.0, slept_ms=0.0):
        self.burnt_s, self.slept_s = burnt_ms / 1000, slept_ms / 1000

    def start(self, items, user_ids):
        self.answer = [item.item_id for item in items]

    def recommend(self, requests):
        time.sleep(self.slept_s)
        until_s = time.thread_time() + self.burnt_s
        while time.thread_time() < until_s:
            pass
        return [self.answer[: asked.k] for asked in requests]
"""
REQUESTS = 40


def lived(folder, monkeypatch, options, requests=REQUESTS):
    """The life of an arm that takes so long over a request."""
    (folder / "burning_module.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    target = f'target = {{ kind = "python", object = "burning_module:Burns", options = {options} }}'
    load = f'[[load]]\nkind = "single_stream"\nrequests = {requests}\n'
    blocks = "[blocks]\ncount = 1\nwarmup_requests = 2\n"
    text = scenario_text(requests="", load=load, blocks=blocks, arms=f'[[arm]]\nname = "burns"\n{target}\n')
    scenario = read_scenario(write_scenario(folder, text)).scenario
    warmup, slices = cut_slices(scenario)
    assignment = Assignment(scenario, scenario.arm[0], (), slices[-1].high)
    ours, theirs = multiprocessing.Pipe()
    live(theirs, assignment, read_trace(assignment), warmup, [Part(part, None) for part in slices])
    return receive(ours)


def test_cpu_seconds_are_those_that_were_burnt(tmp_path, monkeypatch):
    """As a difference, since threads of libraries that this process has loaded may spin beside it."""
    points = [lived(tmp_path, monkeypatch, f"{{ burnt_ms = {burnt_ms} }}").points[0] for burnt_ms in (2.0, 12.0)]
    assert all(min(point["response_ms"]) >= burnt_ms for point, burnt_ms in zip(points, (2.0, 12.0), strict=True))
    more_s = points[1]["cpu_s"] - points[0]["cpu_s"]
    assert more_s == pytest.approx(REQUESTS * 0.010, rel=0.3)


def test_waiting_costs_time_and_no_cpu(tmp_path, monkeypatch):
    waits, burns = (lived(tmp_path, monkeypatch, f"{{ {what} = 12.0 }}").points[0] for what in ("slept_ms", "burnt_ms"))
    assert min(waits["response_ms"]) >= 12.0
    assert waits["cpu_s"] < burns["cpu_s"] / 2


def test_cpu_seconds_of_a_process_out_of_reach_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "Subject", lambda device, process: Subject(device, process=None))
    (point,) = lived(tmp_path, monkeypatch, "{ }").points
    assert point["cpu_s"] is None
    assert len(point["response_ms"]) == REQUESTS


def test_an_arm_of_somebody_elses_counts_its_requests_and_no_calls_of_an_encoder(tmp_path, monkeypatch):
    (point,) = lived(tmp_path, monkeypatch, "{ }").points
    assert point["counters"] == {"requests": REQUESTS, "failed": 0, "tokens": -REQUESTS, "padded_tokens": -REQUESTS}


def test_an_arm_that_cannot_be_built_is_told_as_a_failure(tmp_path, monkeypatch):
    found = lived(tmp_path, monkeypatch, "{ nonsense = 1 }")
    assert isinstance(found, Failure)
    assert "nonsense" in found.reason
