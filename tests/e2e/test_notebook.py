"""The kept notebook runs as it stands, on the kept run beside it, and carries no output."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import bench
from bench.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "results" / "reference"
NOTEBOOK = FOLDER / "read_a_run.ipynb"


@pytest.fixture(scope="module")
def run():
    return bench.load_run(FOLDER / "small-example")


def test_the_notebook_is_kept_without_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_the_notebook_runs_and_shows_the_runs_own_answer(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    shown = [output["data"]["text/plain"] for cell in notebook.cells for output in cell.get("outputs", ())]
    assert shown[0] == repr(run)
    assert ast.literal_eval(shown[1]) == run.answer


def test_frames_have_the_columns_that_are_documented(run):
    assert {"p50_ms", "p99_low_ms", "recall_at_k", "verdict"} <= set(run.summary)
    assert {"arm", "around", "stage", "ms"} <= set(run.stages)
    assert {"group", "metric", "low", "value", "high"} <= set(run.quality)
    assert {"delta_p50_ms", "ratio_p50", "ratio_p50_verdict", "recovered_share"} <= set(run.tax)


def test_derived_times_are_those_of_the_stamps(run):
    answered = run.requests[run.requests["outcome"] == "answered"]
    assert ((answered["queue_ms"] + answered["service_ms"] - answered["response_ms"]).abs() < 1e-9).all()
    assert (
        (answered["response_ms"] * 1e6)
        .round()
        .astype("int64")
        .equals(answered["observed_ns"] - answered["intended_ns"])
    )


def test_a_run_is_told_in_one_line(run):
    assert repr(run).startswith(f"Run({run.id}: {run.verdict.value}, ")
    assert run.arms == ("tfidf", "minilm-onnx", "minilm-int8")


def test_what_is_no_run_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"no run\.json"):
        bench.load_run(tmp_path)
