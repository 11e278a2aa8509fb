"""The verb capacity on a real worker: what it prints and keeps, and how it refuses."""

import json

import pandas as pd
import pytest
from mini_scenario import FAKE, scenario_text, write_scenario

from bench.cli import main

SLOW = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 5.0')


def test_a_known_service_time_bounds_the_capacity(tmp_path, capsys):
    path = write_scenario(tmp_path, scenario_text(arms=SLOW))
    words = ["capacity", path, "--arm", "fake", "--slo", "p90_ms=60", "--probes", "7", "--probe-s", "2"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    folder = next(tmp_path.glob("*_capacity"))
    stored = json.loads((folder / "capacity.json").read_text())
    curve = pd.read_csv(folder / "curve.csv")
    assert stored["sentence"] in capsys.readouterr().out
    assert len(stored["curve"]) == len(curve)
    assert stored["probes"] <= 7
    assert 0 < stored["offline_per_s"] <= 200.0 / 0.85, "a list takes 5 ms at least; a tenth is feedback, nearly free"
    assert 0 <= stored["capacity_over_offline"] < 1.2
    assert set(curve["verdict"]) <= {"pass", "fail", "unresolved"}
    assert (curve["requests"] >= curve["counted"]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--arm", "nobody"], 'unknown arm "nobody"'),
        (["--arm", "fake", "--slo", "p99=100"], "not a limit in ms"),
        (["--arm", "fake", "--slo", "p75_ms=3"], "not a limit in ms"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path, capsys, words, said):
    path = write_scenario(tmp_path, scenario_text(arms=SLOW))
    assert main(["capacity", path, *words, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
