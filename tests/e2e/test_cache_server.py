"""An arm with its cache in a Redis server: as good as one in memory, and a run goes on when the server is gone."""

import json

import pandas as pd
import pytest
from mini_scenario import made_run, scenario_text
from redis_server import redis_server

LOAD = """\
[[load]]
kind = "single_stream"
requests = 80
"""
ARM = """\
[[arm]]
name = "{name}"
encoder = {{ kind = "fake" }}
placement = "items"
cache = {{ {cache} }}
"""
NOWHERE = "redis://127.0.0.1:1/0"


def run(folder, arms):
    return made_run(folder, scenario_text(load=LOAD, arms=arms))


def lists(folder):
    summary = pd.read_csv(folder / "summary.csv")
    return summary[summary["request_kind"] == "recommend"].set_index("arm")


def test_it_hits_what_a_cache_in_memory_hits(tmp_path):
    with redis_server(tmp_path) as server:
        arms = ARM.format(name="memory", cache="capacity_mb = 4")
        arms += ARM.format(name="redis", cache=f'kind = "redis", url = "{server.url}", timeout_ms = 2000')
        found = lists(run(tmp_path, arms))
    assert found.loc["redis", "cache_hit_ratio"] == found.loc["memory", "cache_hit_ratio"] > 0
    assert found.loc["redis", "tokens_per_request"] == found.loc["memory", "tokens_per_request"]
    assert found.loc[["redis", "memory"], "cache_errors"].tolist() == [0, 0]


def test_without_its_server_every_request_is_answered_by_the_model_and_the_run_says_so(tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed")
    folder = run(tmp_path, ARM.format(name="lost", cache=f'kind = "redis", url = "{NOWHERE}"'))
    found = lists(folder)
    assert found.loc["lost", ["failed", "cache_hit_ratio"]].tolist() == [0, 0]
    assert found.loc["lost", "cache_errors"] >= 2 * found.loc["lost", "requests"], "one call to look up, one to keep"
    findings = json.loads((folder / "run.json").read_text())["findings"]
    assert [finding["verdict"] for finding in findings if finding["check"] == "cache"] == ["DEGRADED"]


def test_an_arm_whose_server_must_answer_and_does_not_is_skipped_and_named(tmp_path):
    pytest.importorskip("redis", reason="the package redis is not installed")
    arms = ARM.format(name="memory", cache="capacity_mb = 4")
    arms += ARM.format(name="lost", cache=f'kind = "redis", url = "{NOWHERE}", must_answer = true')
    folder = run(tmp_path, arms)
    assert "lost" not in lists(folder).index
    absent = [arm for arm in json.loads((folder / "run.json").read_text())["arms"] if arm["status"] != "measured"]
    assert [arm["name"] for arm in absent] == ["lost"]
    assert "no server answers" in absent[0]["reason"]
