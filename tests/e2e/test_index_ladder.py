"""Every index that can be built here stands on the ladder, with plain values in every file."""

import contextlib
import csv
import json

import pytest

from bench.cli import main
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.index_ladder.subjects import LADDER, buildable, made_up_vectors


@pytest.fixture
def one_process(monkeypatch):
    """For all indexes: of its own each would only import PyTorch anew."""
    with MeasuringProcess() as process:
        shared = contextlib.nullcontext(process)
        monkeypatch.setattr("bench.experiments.index_ladder.rounds.MeasuringProcess", lambda: shared)
        yield


@pytest.mark.usefixtures("one_process")
def test_every_index_is_measured(tmp_path, capsys):
    table, target = tmp_path / "ladder.csv", tmp_path / "ladder.json"
    command = ["index-ladder", "--sizes", "500", "--queries", "40", "--rounds", "1"]
    assert main([*command, "--csv", str(table), "--json", str(target)]) == 0
    found = json.loads(target.read_text())
    labels = [index.label for index in buildable()]
    assert [(rung["n_items"], rung["index"]) for rung in found["rungs"]] == [(500, label) for label in labels]
    for rung in found["rungs"]:
        assert rung["p50_low_ms"] <= rung["p50_ms"] <= rung["p50_high_ms"]
        assert rung["p99_ms"] is None, "40 queries carry no p99"
        assert rung["fidelity_at_10"] >= 0.9
        assert rung["build_s"] > 0
        assert rung["sum_ratio"] > 0
    exact = next(rung for rung in found["rungs"] if rung["index"] == "exact")
    assert exact["fidelity_at_10"] == 1
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found["rungs"])
    assert rows[0]["p99_ms"] == "", "empty where it was not measured"
    said = capsys.readouterr().out
    assert "Indexes of 500 items, 1 thread" in said
    assert all(label in said for label in labels)


def test_sizes_that_are_none_are_refused_before_anything_is_measured(capsys):
    for sizes in ("", "ten", "10,10", "0", "1e5"):
        assert main(["index-ladder", "--sizes", sizes]) == 2
        assert "--sizes" in capsys.readouterr().err


def test_an_index_that_is_none_is_refused_by_its_name(capsys):
    assert main(["index-ladder", "--index", "exakt"]) == 2
    assert 'did you mean "exact"' in capsys.readouterr().err


def test_the_vectors_are_the_same_each_time_and_have_neighbours():
    vectors, queries = made_up_vectors(500, 32, 20)
    again, _ = made_up_vectors(500, 32, 20)
    assert vectors.tobytes() == again.tobytes()
    nearest = (queries @ vectors.T).max(axis=1)
    assert (nearest > 0.4).all(), "each query has its topic among the items"
    assert len({index.label for index in LADDER}) == len(LADDER)
