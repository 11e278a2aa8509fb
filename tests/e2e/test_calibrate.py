"""The whole verb through real processes; what it finds depends on the machine, what it states does not."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from planted_tasks import Dies, Packages, Raises

from bench.analysis.known_answers import restated
from bench.analysis.known_queue import KnownQueue
from bench.cli import main
from bench.errors import NothingMeasured
from bench.experiments.calibrate import calibrate
from bench.experiments.calibration.instrument import Settle, TimeStamps
from bench.experiments.calibration.loadgen import LoadGenCost, LoadGenLateness, LoadGenQueue
from bench.experiments.calibration.null_system import NullLateness
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.calibration.rounds import FloorPlan
from bench.experiments.calibration.serve_queue import ServeQueue

SMALL = KnownQueue("fixed", 0.5, service_ms=0.5, requests=400)
needs_loadgen = pytest.mark.skipif(find_spec("mlperf_loadgen") is None, reason="mlcommons-loadgen is not installed")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def assert_floor(found, rates):
    assert found["null_us_per_request"] > 0
    assert list(found["lateness_us"]) == rates
    for percentiles in found["lateness_us"].values():
        assert list(percentiles) == ["p50", "p99", "p999"]
        assert 0 < percentiles["p50"] <= percentiles["p99"] <= percentiles["p999"]


def test_calibrating_without_loadgen(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bench.experiments.calibrate.QUICK_SHARE", 0.1)  # fewer requests are told of alike
    file = tmp_path / "calibration.json"
    words = ["--quick", "--skip-loadgen", "--rates", "200,2000", "--seconds", "0.3", "--json", str(file)]
    assert main(["calibrate", *words]) == 0
    told = capsys.readouterr()
    assert "answers of queueing theory" in told.out
    assert "null system: round 3 of 3" in told.err
    written = json.loads(file.read_text(encoding="utf-8"))
    assert_floor(written, ["200", "2000"])
    assert written["clock_ns"] > 0
    assert written["mark_ns"] > 0
    assert written["loadgen"] is None
    assert written["waiting"]["why"].startswith("asleep")
    assert written["environment"]["machine"]["os"]
    assert len(written["known_answers"]) == 8
    for answer in written["known_answers"]:
        assert list(answer) == ["name", "measured", "expected", "low", "high", "ok"]
        assert is_number(answer["measured"])
        assert all(answer[key] is None or is_number(answer[key]) for key in ("expected", "low", "high"))
        assert isinstance(answer["ok"], bool)


def test_the_measuring_process_carries_only_what_measures():
    with MeasuringProcess() as process:
        process.ask(Settle())
        process.ask(TimeStamps())
        assert (process.ask(NullLateness(np.zeros(5, np.int64))) >= 0).all()
        served = process.ask(ServeQueue(SMALL, seed=0))
        loaded = process.ask(Packages())
    assert len(served.response_ms) == SMALL.requests
    assert (served.service_ms >= SMALL.service_ms).all(), "a service is never short"
    assert (served.response_ms >= served.service_ms).all()
    assert not loaded & {
        "pandas",
        "pyarrow",
        "matplotlib",
        "jinja2",
        "torch",
        "onnxruntime",
        "sklearn",
        "mlperf_loadgen",
    }


@pytest.mark.parametrize("task", [Dies(7), Raises()], ids=["dies", "raises"])
def test_a_measuring_process_that_breaks_is_told(task):
    with (
        MeasuringProcess() as process,
        pytest.raises(NothingMeasured, match=f"{type(task).__name__}: .*exit code [17]"),
    ):
        process.ask(task)


@needs_loadgen
def test_loadgen_runs_beside_and_prints_the_percentiles_that_its_latencies_have():
    with MeasuringProcess() as process:
        cost_us = process.ask(LoadGenCost(0.1))
        lateness_us = process.ask(LoadGenLateness(500.0, 0.2, seed=3))
        observed = process.ask(LoadGenQueue(SMALL, seed=3))
    assert cost_us > 0
    assert 0 < lateness_us["p50"] <= lateness_us["p99"] <= lateness_us["p999"]
    assert len(observed.response_ms) == SMALL.requests
    assert observed.response_ms.min() >= SMALL.service_ms
    answers = restated("loadgen", observed)
    assert [answer.name for answer in answers] == [f"loadgen p{p} ms restated" for p in (50, 90, 99)]
    assert all(answer.ok for answer in answers), answers


@needs_loadgen
def test_calibrating_beside_loadgen():
    said = []
    found = calibrate(FloorPlan((500.0,), seconds=0.3), (SMALL,), said.append, with_loadgen=True).as_json()
    assert said[-1] == "M/D/1 at 0.5, by LoadGen"
    assert_floor(found["loadgen"], ["500"])
    assert found["environment"]["libraries"]["mlcommons-loadgen"]
    assert [answer["name"] for answer in found["known_answers"]] == [
        "mean ms of M/D/1 at 0.5",
        "p90 ms of M/D/1 at 0.5",
        *(f"loadgen p{p} ms of M/D/1 at 0.5" for p in (50, 90, 99)),
        *(f"loadgen p{p} ms restated" for p in (50, 90, 99)),
    ]
