"""The two stages of a gate, over sides that start no process."""

import contextlib
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from gate_samples import sample
from mini_gate import SCENARIO

from bench.analysis.gate.baseline import Baseline
from bench.analysis.gate.comparison import UNCONFIRMED, compare_sides
from bench.analysis.gate.samples import Side
from bench.errors import NothingMeasured, RunsNotComparable
from bench.experiments.gate import gate as gate_module
from bench.experiments.gate.gate import Gate, gate_baseline
from bench.experiments.gate.messages import PROTOCOL, Measured, Prepared
from bench.experiments.gate.request import GateRequest
from bench.experiments.gate.side import read_text
from bench.experiments.gate.sides import Team
from bench.experiments.gate.stages import Stage

READY = Prepared(protocol=PROTOCOL, arms={"control": "Control"}, absent={}, trace_sha256="t", code={})


def prepared(**given):
    """What a side says of itself when it is ready."""
    return READY.model_copy(update=given)


def host(ms):
    """A side whose every request takes so long; None for one without an answer, and no CPU second can be read."""
    values = {name: getattr(sample(Side.HEAD), name) for name in ("load", "control_ms", "steal_share", "counters")}
    point = values | {"response_ms": [ms] * 40, "cpu_s": None}
    return SimpleNamespace(measure=lambda asked: Measured(points=[point]))


def baseline(**given):
    """One that holds no arm."""
    values = {"scenario": "mini_gate", "scenario_hash": "h", "created_utc": "u", "runs": 3, "blocks": 6}
    return Baseline(**values, environment={}, arms={}, counters={}, unsteady=[], **given)


def gate(monkeypatch, *stages):
    """A gate whose every stage finds these (ms of base, ms of head, what head says of itself)."""
    asked = GateRequest(read_text(SCENARIO, []), SCENARIO, (), ())

    @contextlib.contextmanager
    def started(asked, checkouts, number):
        base_ms, head_ms, head = stages[number]
        hosts = {Side.BASE: host(base_ms), Side.HEAD: host(head_ms)}
        yield Team(Stage(hosts, number, asked.rules.blocks, 1), {Side.BASE: READY, Side.HEAD: head})

    monkeypatch.setattr(gate_module, "started", started)
    return Gate(asked, {}, partial(compare_sides, limits=asked.limits), ["control"], {}, lambda said: None)


def test_what_is_confirmed_is_measured_in_a_stage_of_its_own(monkeypatch):
    made = gate(monkeypatch, (10.0, 12.0, READY), (10.0, 12.0, READY))
    assert {(found.metric.value, found.verdict.value) for found in made.run()} == {
        ("p50", "REGRESSED"),
        ("p90", "REGRESSED"),
    }
    assert {one.stage for one in made.samples} == {0, 1}


@pytest.mark.parametrize(
    "second", [(10.0, 12.0, prepared(absent={"control": "gone"})), (None, None, READY)], ids=["absent", "unanswered"]
)
def test_no_change_stands_that_a_fresh_start_could_not_repeat(monkeypatch, second):
    found = gate(monkeypatch, (10.0, 12.0, READY), second).run()
    assert {each.verdict.value for each in found} == {"INCONCLUSIVE"}


def test_a_change_that_could_not_be_confirmed_says_so(monkeypatch):
    found = gate(monkeypatch, (10.0, 12.0, READY), (10.0, 12.0, prepared(absent={"control": "gone"}))).run()
    assert {each.remark for each in found} == {UNCONFIRMED}


def test_requests_that_are_not_those_of_the_baseline_are_refused_before_anything_is_measured(monkeypatch):
    made = replace(gate(monkeypatch, (10.0, 10.0, prepared(trace_sha256="other"))), earlier_trace_sha256="t")
    with pytest.raises(RunsNotComparable, match="other requests.*Next: "):
        made.run()
    assert made.samples == []
    assert replace(gate(monkeypatch, (10.0, 10.0, READY)), earlier_trace_sha256="t").run()


def test_a_stored_baseline_is_held_against_head_with_its_own_requests(monkeypatch):
    """From the file to the refusal: the scenario is the same, and what is drawn from it is not."""
    asked = gate(monkeypatch, (10.0, 10.0, prepared(trace_sha256="other"))).asked
    with pytest.raises(RunsNotComparable):
        gate_baseline(asked, baseline(trace_sha256="t"), "gate mini_gate", lambda said: None)


def test_a_gate_without_an_arm_says_why_and_what_next(monkeypatch):
    gone = prepared(absent={"control": "no server"})
    with pytest.raises(NothingMeasured, match=r"control: no server\. Next: llm-rec-bench run mini_gate"):
        gate(monkeypatch, (10.0, 10.0, gone)).run()
