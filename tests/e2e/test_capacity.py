"""The verb capacity on a real worker: what it prints and keeps, and how it refuses. Ratios, no absolute times."""

import json

import pandas as pd
import pytest
from mini_scenario import FAKE, scenario_text, write_scenario

from bench.cli import main

SERVICE_S = 0.002
MOST_PER_S = 1 / SERVICE_S / 0.9
"""A list takes 2 ms at least; a tenth of the requests are feedback and take nothing."""
REQUESTS = '[requests]\nhistory = 10\nk = 10\nfeedback_share = 0.1\nrepeat = "zipf"\n'
LOAD = '[[load]]\nkind = "server"\narrivals = { kind = "gamma", cv = 1.5 }\nrates_per_s = [20.0]\nrequests = 40\n'
SLOW = FAKE.replace('kind = "fake"', f'kind = "fake", service_ms = {1000 * SERVICE_S}')
CACHED = SLOW.replace('"fake"', '"cached"', 1) + "cache = { capacity_mb = 4 }\n"
TEXT = scenario_text(requests=REQUESTS, load=LOAD, arms=SLOW + CACHED)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """(folder, capacity.json) of a short search."""
    folder = tmp_path_factory.mktemp("capacity")
    words = ["capacity", write_scenario(folder, TEXT), "--arm", "fake", "--slo", "p90_ms=30"]
    words += ["--probes", "6", "--probe-s", "1", "--out", str(folder / "results"), "--json", str(folder / "same.json")]
    assert main(words) == 0
    (kept,) = (folder / "results").iterdir()
    same, stored = (json.loads(path.read_text()) for path in (folder / "same.json", kept / "capacity.json"))
    assert same == stored
    return kept, stored


def test_the_folder_is_whole(measured):
    folder, stored = measured
    assert {path.name for path in folder.iterdir()} == {"capacity.json", "curve.csv", "capacity.png", "capacity.svg"}
    stamp, name, scenario_hash, kind = folder.name.split("_")
    assert (len(stamp), name, kind) == (16, "mini", "capacity")
    assert stored["scenario_hash"].startswith(scenario_hash)
    assert stored["environment"]["cpu"]
    assert stored["status"] == "complete"


def test_a_known_service_time_bounds_the_capacity(measured):
    _, stored = measured
    assert 0 < stored["offline_per_s"] < 1.05 * MOST_PER_S
    found = stored["capacity_per_s"]
    assert 0 <= found["low"] <= found["point"] <= 1.2 * MOST_PER_S
    assert stored["capacity_over_offline"] == pytest.approx(found["point"] / stored["offline_per_s"])
    assert stored["probes"] == len(stored["curve"]) <= 6
    assert stored["alone"]["p50_ms"] >= 1000 * SERVICE_S


def test_the_curve_has_every_probe_and_the_confirming_run(measured):
    folder, stored = measured
    curve = pd.read_csv(folder / "curve.csv")
    assert curve["is_confirming"].sum() == (stored["confirming"] is not None)
    assert len(curve) == stored["probes"] + curve["is_confirming"].sum()
    assert set(curve["verdict"]) <= {"pass", "fail", "unresolved"}
    assert (curve["counted"] < 0.8 * curve["requests"]).all(), "neither settling requests nor feedback"
    assert curve["seed"].is_unique
    assert (curve["p90_low_ms"].fillna(0) <= curve["p90_ms"]).all()
    if stored["confirming"] is not None:
        assert stored["confirming"]["rate_per_s"] == pytest.approx(stored["capacity_per_s"]["low"], rel=0.01)


def test_an_interrupted_search_keeps_its_probes_and_says_so(tmp_path, capsys, monkeypatch):
    from bench.measure.pool import WorkerPool

    serve, calls = WorkerPool.serve, []

    def interrupted(pool, name, command):
        calls.append(name)
        if len(calls) == 4:  # offline, alone, one probe
            raise KeyboardInterrupt
        return serve(pool, name, command)

    monkeypatch.setattr(WorkerPool, "serve", interrupted)
    words = ["capacity", write_scenario(tmp_path, TEXT), "--arm", "cached", "--slo", "p90_ms=30", "--probe-s", "1"]
    assert main([*words, "--out", str(tmp_path / "results")]) == 130
    assert "what was measured is kept in" in capsys.readouterr().err
    (folder,) = (tmp_path / "results").iterdir()
    stored = json.loads((folder / "capacity.json").read_text())
    assert (stored["status"], stored["probes"], stored["confirmed"]) == ("stopped", 1, False)


def test_an_arm_that_is_not_here_measures_nothing(tmp_path, capsys):
    arms = '[[arm]]\nname = "far"\nencoder = { kind = "transformer", model = "minilm" }\ndevice = "cuda:99"\n'
    path = write_scenario(tmp_path, scenario_text(requests=REQUESTS, load=LOAD, arms=arms))
    assert main(["capacity", path, "--arm", "far", "--out", str(tmp_path / "results")]) == 4
    assert 'asks for "cuda:99"' in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--arm", "nobody"], 'unknown arm "nobody"'),
        (["--arm", "fake", "--slo", "p99=100"], "not a limit in ms"),
        (["--arm", "fake", "--slo", "p75_ms=3"], "not a limit in ms"),
        (["--arm", "fake", "--json", "."], "no file can be written there"),
        (["--arm", "fake", "--probes", "1"], "--probes"),
        ([], "--arm"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path, capsys, words, said):
    path = write_scenario(tmp_path, TEXT)
    assert main(["capacity", path, *words, "--out", str(tmp_path / "results")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
