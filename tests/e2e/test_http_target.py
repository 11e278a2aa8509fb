"""One arm in process and over the wire, from the same trace in one report."""

import csv
import json

import pytest
from mini_scenario import BLOCKS, TFIDF, made_run, rows_of, scenario_text

from bench.analysis.stages import stage_lengths_ns

LOADS = """\
[[load]]
kind = "single_stream"
requests = 60
[[load]]
kind = "server"
arrivals = { kind = "poisson" }
rates_per_s = [100]
requests = 80
[[load]]
kind = "closed"
clients = 4
requests = 40
[[load]]
kind = "offline"
requests = 40
"""
REQUESTS = """\
[requests]
history = 10
k = 10
feedback_share = 0.1
ingest_share = 0.05
"""
OVER_HTTP = """\
[[arm]]
name = "over-http"
encoder = { kind = "tfidf" }
placement = "none"
target = { kind = "http", serve = true }
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    text = scenario_text(requests=REQUESTS, load=LOADS, blocks=BLOCKS, arms=TFIDF + OVER_HTTP)
    return made_run(tmp_path_factory.mktemp("both"), text)


def test_the_same_arm_gives_the_same_lists_over_the_wire(both):
    here, there = (rows_of(both, arm=arm, load="single_stream") for arm in ("tfidf", "over-http"))
    assert len(here) == len(there) == 60
    assert (there["outcome"] == "answered").all()
    for mine, theirs in zip(here["recommended"], there["recommended"], strict=True):
        assert list(mine) == list(theirs)
    assert there["recall_at_k"].to_numpy() == pytest.approx(here["recall_at_k"].to_numpy(), nan_ok=True)


def test_everything_is_answered_under_every_load(both):
    there = rows_of(both, arm="over-http")
    assert set(there["load"]) == {"single_stream", "server", "closed", "offline"}
    assert (there["outcome"] == "answered").all()
    run = json.loads((both / "run.json").read_text())
    assert run["arms"][1]["errors"] == {}
    assert all(block["waited_for_connection"] == 0 for block in run["blocks"]
               if block["arm"] == "over-http" and block["load"] == "server")  # fmt: skip


def test_stages_add_up_exactly_with_network_and_serialisation_among_them(both):
    there = rows_of(both, arm="over-http", request_kind="recommend")
    lengths = stage_lengths_ns(there)
    assert (lengths.sum(axis=1) == there["observed_ns"] - there["intended_ns"]).all()
    assert (lengths.to_numpy() >= 0).all()
    for stage in ("network", "serialise", "clean", "encode", "retrieve"):
        assert (lengths[stage] > 0).all(), stage
    assert (lengths["service"] == 0).all()
    here = stage_lengths_ns(rows_of(both, arm="tfidf", request_kind="recommend"))
    assert (here[["network", "serialise", "service"]] == 0).all(axis=None)
    ingests = stage_lengths_ns(rows_of(both, arm="over-http", request_kind="ingest"))
    assert len(ingests) and (ingests["index"] > 0).all()


def test_both_arms_stand_in_one_report_and_costs_are_the_services(both):
    with (both / "summary.csv").open() as file:
        rows = {(row["arm"], row["load"]): row for row in csv.DictReader(file) if row["request_kind"] == "recommend"}
    there = rows["over-http", "single_stream"]
    assert float(there["overlap_at_k"]) == 1.0
    assert float(there["rss_peak_mb"]) > 50, "the service's, not the client's alone"
    assert float(there["lateness_p50_us"]) > 0
    assert there["padded_tokens_per_request"] == "", "not told, so not 0"
    assert "over-http" in (both / "report.md").read_text()
