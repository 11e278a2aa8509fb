"""run --engine ray: one schedule offered by two processes measures what one measures; none of them can get lost."""

import json
from collections import Counter
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from faulty_service import foreign_service, reply
from mini_scenario import FAKE, scenario_text, write_scenario
from ray_processes import Killer

from bench.cli import main
from bench.measure.generators import GENERATORS, EngineChoice
from bench.ray_cluster import ray_cluster
from bench.runner import RunRequest, run_scenario
from bench.scenario_file import read_scenario
from recsys.data.loading import load_dataset

with_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
LOAD = """\
[[load]]
kind = "server"
arrivals = {{ kind = "poisson" }}
rates_per_s = [{rate}]
requests = {requests}
"""
ALONE = """\
[[load]]
kind = "single_stream"
requests = 10
"""
OVER_HTTP = """\
[[arm]]
name = "over-http"
encoder = { kind = "fake", service_ms = 4.0, law = "exponential" }
placement = "profile"
target = { kind = "http", serve = true }
"""
REQUESTS = "[requests]\nhistory = 10\nk = 5\nfeedback_share = {share}\n"
LEAD = {"lead_ms": 3000}  # tests beside this one may keep a generator from being told in time
TWO = ("--engine", "ray", "--generators", "2", "--engine-set", "lead_ms=3000")
RAY = EngineChoice("ray", 2, LEAD)


@pytest.fixture(scope="module")
def cluster():
    """One for all tests of this file: to start it takes longer than to use it."""
    with ray_cluster(cpus=4):
        yield


def run(folder, text, *options):
    """The folder of a run, which must end well."""
    folder.mkdir(exist_ok=True)
    assert main(["run", write_scenario(folder, text), "--out", str(folder / "results"), *options]) == 0
    return (folder / "results" / "latest").resolve()


def measured(folder, text, choice):
    """The same without a report."""
    folder.mkdir(exist_ok=True)
    file = read_scenario(write_scenario(folder, text))
    return run_scenario(RunRequest(file, (), folder / "results", engine=choice), lambda message: None)


def told(folder):
    return json.loads((folder / "run.json").read_text())


@with_ray
@pytest.mark.alone
def test_two_generators_measure_what_one_measures(tmp_path, cluster):
    load = LOAD.format(rate=80, requests=200) + ALONE
    text = scenario_text(requests=REQUESTS.format(share=0.1), load=load, arms=OVER_HTTP)
    one, two = run(tmp_path / "one", text), run(tmp_path / "two", text, *TWO)
    mine, theirs = told(one), told(two)
    assert theirs["schedules_sha256"] == mine["schedules_sha256"]
    assert (mine["generation"], theirs["generation"]) == (
        {"engine": "local", "generators": 1, "options": {}},
        {"engine": "ray", "generators": 2, "options": LEAD},
    )
    rows = [pd.read_parquet(folder / "requests.parquet") for folder in (one, two)]
    assert (rows[1]["outcome"] == "answered").all()
    assert rows[1]["row"].tolist() == rows[0]["row"].tolist()
    lists = [[list(found) for found in each["recommended"]] for each in rows]
    assert lists[0] == lists[1]
    served = rows[1][rows[1]["load"] == "server"]
    for _, block in served.groupby("block"):
        assert (block["intended_ns"].diff().dropna() >= 0).all()
    gaps = [each[each["load"] == "server"].groupby("block")["intended_ns"].diff().dropna().tolist() for each in rows]
    assert gaps[0] == gaps[1], "the same times, to the nanosecond"
    summaries = [pd.read_csv(folder / "summary.csv") for folder in (one, two)]
    mine, theirs = (
        each[(each["load"] == "server") & (each["request_kind"] == "recommend")].iloc[0] for each in summaries
    )
    for name in ("p50", "p90"):
        bounds = [(each[f"{name}_low_ms"], each[f"{name}_high_ms"]) for each in (mine, theirs)]
        (low, high), (their_low, their_high) = bounds  # a bound that a busy machine's few requests do not owe is NaN
        assert not their_low > high and not low > their_high, bounds
        assert name != "p50" or np.isfinite(bounds).all(), bounds
    _blocks_say_how_each_generator_fared(told(two)["blocks"])


def _blocks_say_how_each_generator_fared(blocks):
    offered = [block for block in blocks if block["load"] == "server"]
    assert len(offered) == 2 and all("generators" not in block for block in blocks if block not in offered)
    for block in offered:
        parts = block["generators"]
        assert sum(part["requests"] for part in parts) == block["requests"] == sum(part["answered"] for part in parts)
        assert min(part["requests"] for part in parts) > block["requests"] / 3
        for part in parts:
            assert abs(part["offset_us"]) <= part["offset_error_us"], "one machine, one clock"
            assert part["waited_for"] > 0 and part["lateness_max_us"] >= part["lateness_p50_us"] >= 0


def broken_run(tmp_path, measure):
    """The folder of a run whose generator was killed after the first block."""
    blocks = "[blocks]\ncount = 4\nwarmup_requests = 2\n"
    text = scenario_text(
        requests=REQUESTS.format(share=0.0), load=LOAD.format(rate=40, requests=160), blocks=blocks, arms=OVER_HTTP
    )
    results = tmp_path / "results"
    with Killer("Generator", lambda: list(results.glob("*.partial/part-*.parquet"))) as killer:
        broken = measure(tmp_path, text, RAY)
    assert killer.killed
    return broken


def assert_kept_and_told(broken):
    """Its arm failed by name, and every request is there of the blocks that it says it has."""
    arm, kept = told(broken)["arms"][0], told(broken)["blocks"]
    assert arm["status"] == "failed"
    assert "GeneratorLost: generator " in arm["reason"] and " of 2 died" in arm["reason"]
    rows = pd.read_parquet(broken / "requests.parquet")
    assert 1 <= len(kept) < 4
    assert rows["block"].value_counts().to_dict() == {block["block"]: block["requests"] for block in kept}
    assert (rows["outcome"] == "answered").all()


@with_ray
def test_a_generator_that_is_killed_fails_its_arm_by_name_and_no_request_is_lost_unsaid(tmp_path, cluster):
    assert_kept_and_told(broken_run(tmp_path, measured))


@with_ray
@pytest.mark.verify
def test_the_rest_of_such_a_run_can_be_measured_later_by_as_many_generators(tmp_path, cluster, capsys):
    results = tmp_path / "results"
    broken = broken_run(tmp_path, lambda folder, text, choice: run(folder, text, *TWO))
    assert_kept_and_told(broken)
    assert main(["run", "--resume", str(broken), "--engine", "local", "--generators", "1", "--out", str(results)]) == 2
    assert "generation" in capsys.readouterr().err
    assert main(["run", "--resume", str(broken), "--out", str(results)]) == 0
    whole = told((results / "latest").resolve())
    assert whole["arms"][0]["status"] == "measured"
    assert [len(block["generators"]) for block in whole["blocks"]] == [2] * 4


@with_ray
def test_a_foreign_service_is_told_the_same_histories_whoever_asks(tmp_path, cluster):
    ids = [item.item_id for item in load_dataset("embedded", data_dirs=(), users=120).items[:5]]
    body = '{"who": "{user}", "seen": {history}, "at": {timestamp}}'
    asked = []
    for name, choice in (("one", EngineChoice()), ("two", RAY)):
        with foreign_service(lambda head, body: reply({"items": ids})) as theirs:
            arm = f"""
[[arm]]
name = "theirs"
[arm.target]
kind = "http"
url = "{theirs.url}/rec"
body = '{body}'
ids = "items"
connections = 4
feedback = {{ url = "{theirs.url}/event", body = '"{{user}} met {{item}}"' }}
"""
            text = scenario_text(requests=REQUESTS.format(share=0.3), load=LOAD.format(rate=200, requests=80), arms=arm)
            folder = measured(tmp_path / name, text, choice)
            asked.append(Counter(theirs.bodies))
        assert (pd.read_parquet(folder / "requests.parquet")["outcome"] == "answered").all()
    assert asked[0] == asked[1]


REFUSED = {
    "in process": (FAKE, ALONE, TWO, "over the wire"),
    "alone": (OVER_HTTP, ALONE, ("--generators", "2"), "is one generator"),
    "unknown": (OVER_HTTP, ALONE, ("--engine", "rey"), "did you mean"),
    "option": (OVER_HTTP, ALONE, ("--engine", "ray", "--engine-set", "adress=x"), "did you mean"),
    "queue": (OVER_HTTP, LOAD.format(rate=9, requests=9) + "queue_limit = 4\n", TWO, "queue_limit"),
}


@with_ray
@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_at_once(tmp_path, capsys, case):
    arms, load, options, said = REFUSED[case]
    file = write_scenario(tmp_path, scenario_text(load=load, arms=arms))
    assert main(["run", file, "--out", str(tmp_path / "results"), *options]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("results/*"))


def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch, capsys):
    from recsys import registry

    monkeypatch.setattr(GENERATORS, "_registered", {})
    found = registry.find_spec
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "ray" else found(name))
    file = write_scenario(tmp_path, scenario_text(load=ALONE, arms=OVER_HTTP))
    assert main(["run", file, "--out", str(tmp_path / "results"), *TWO]) == 2
    assert "pip install 'llm-rec-bench[ray]'" in capsys.readouterr().err
