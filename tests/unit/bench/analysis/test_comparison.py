"""Which runs may stand beside each other, and which ratios between them are claimed."""

import copy

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.comparable import differing_facts, obstacles, same_machine
from bench.analysis.comparison import compare
from bench.analysis.conclude import conclude
from bench.errors import ConfigError, RunsNotComparable
from bench.store import StoredRun

N = 800
TABLE = {"device": "cpu", "encoder": {"kind": "fake"}, "placement": "profile"}
ARMS = [make_arm("base", "baseline", placement="none"), make_arm("full", "reference")]
ENVIRONMENT = {
    "load_average": {"cores": 2}, "machine": {"id": "one"}, "cpu": {"model": "EPYC"}, "gpu": [],
    "libraries": {"torch": "2.13", "numpy": "2.4"}, "code": {"commit": "abc"},
}  # fmt: skip


def stored(name, times=1.0, seed=3, **changes):
    """A run in which the arm with a model takes so many times as long as in the others."""
    rng = np.random.default_rng(seed)
    rows = [make_rows("base", rng.gamma(8, 0.25, N)), make_rows("full", times * (5 + rng.gamma(8, 0.25, N)))]
    requests = pd.concat(rows, ignore_index=True)
    run = make_run(
        ARMS,
        requests,
        environment=ENVIRONMENT,
        id=name,
        schema_version=1,
        scenario_hash="a" * 64,
        trace_sha256="t" * 64,
        data={"simulated": False, "name": "games", "sha256": "d" * 64},
        warnings=[],
    )
    run["scenario"] |= {"name": "shop", "arm": [dict(TABLE, name="base"), dict(TABLE, name="full")]}
    return StoredRun(None, {**run, **changes}, requests, pd.DataFrame())


@pytest.fixture(autouse=True)
def no_floors(monkeypatch):
    """The floors say nothing of latencies."""
    monkeypatch.setattr("bench.analysis.conclude.quality_table", lambda *_: pd.DataFrame())


def compared(*runs, **options):
    return compare([conclude(run) for run in runs], **options)


def test_a_planted_slowdown_between_runs_is_found_and_only_in_its_arm():
    ratios = compared(stored("a"), stored("b", times=1.2)).ratios.set_index("arm")
    assert ratios.loc["full", "ratio_p50"] == pytest.approx(1.2)
    assert ratios.loc["full", "ratio_p50_verdict"] == "slower"
    assert ratios.loc["base", "ratio_p50"] == pytest.approx(1.0)
    assert ratios.loc["base", "ratio_p50_verdict"] == "alike"
    assert set(ratios["run"]) == {"B"}


def test_between_machines_no_ratio_is_claimed():
    elsewhere = copy.deepcopy(ENVIRONMENT) | {"machine": {"id": "two"}, "gpu": ["H100"]}
    found = compared(stored("a"), stored("b"), stored("c", environment=elsewhere))
    assert set(found.ratios["run"]) == {"B"}
    assert found.other_machines == ("C",)
    assert found.facts == {"machine id": ("one", "one", "two"), "gpu": ("", "", "H100")}


def test_other_libraries_are_named_and_are_no_other_machine():
    newer = copy.deepcopy(ENVIRONMENT)
    newer["libraries"]["torch"] = "2.14"
    runs = [stored("a").run, stored("b", environment=newer).run]
    assert same_machine(*runs)
    assert differing_facts(runs) == {"libraries torch": ("2.13", "2.14")}


def scenario(**changes):
    return {**stored("x").run["scenario"], **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema_version": 2}, "schema versions 1 and 2"),
        ({"data": {"simulated": False, "name": "shop", "sha256": "e" * 64}}, "other data, games and shop"),
        ({"trace_sha256": "u" * 64}, "other requests (trace sha256 tttttttt and uuuuuuuu)"),
        ({"scenario": scenario(requests={"k": 20})}, "requests.k 10 and 20"),
        (
            {"scenario": scenario(arm=[{**TABLE, "name": "full", "placement": "items"}, {**TABLE, "name": "base"}])},
            "arm full is not the same arm",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(changes, said):
    with pytest.raises(RunsNotComparable, match="--force") as refused:
        compared(stored("a"), stored("b", **changes))
    assert said in str(refused.value)
    assert refused.value.exit_code == 2


def test_force_compares_without_ratios_and_keeps_the_reason():
    found = compared(stored("a"), stored("b", trace_sha256="u" * 64), force=True)
    assert len(found.obstacles) == 1
    assert found.ratios.empty


def test_arms_may_differ_and_move_to_another_device():
    moved = [{**TABLE, "name": "full", "device": "cuda:0", "label": "on a GPU"}, {**TABLE, "name": "new"}]
    assert obstacles([stored("a").run, stored("b", scenario=scenario(arm=moved, question="Why?")).run]) == ()


def test_one_run_or_the_same_run_twice_is_no_comparison():
    with pytest.raises(ConfigError, match="2 to 26"):
        compared(stored("a"))
    with pytest.raises(ConfigError, match="named twice"):
        compared(stored("a"), stored("a"))
