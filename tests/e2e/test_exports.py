"""A stored run for other tools: tables, traces and scalars hold its numbers, and a profile its functions."""

import json
import pstats
import re

import pytest
from mini_scenario import FAKE, TFIDF, made_run, scenario_text, write_scenario

from bench.analysis.conclude import conclude
from bench.cli import main
from bench.report.latex import escape_latex
from bench.store import load_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("run"), scenario_text(arms=TFIDF + FAKE))


@pytest.fixture(scope="module")
def stored(folder):
    return load_run(folder)


def test_a_request_s_stages_fill_its_time_in_every_arm(folder, stored):
    row = int(stored.requests["row"].iloc[3])
    assert main(["timeline", str(folder), "--request", str(row)]) == 0
    events = json.loads((folder / f"request-{row}.json").read_text())["traceEvents"]
    wholes = [event for event in events if event["ph"] == "X" and event["name"].endswith(f" {row}")]
    assert len(wholes) == 2
    for whole in wholes:
        stages = [event for event in events if event["ph"] == "X" and event["pid"] == whole["pid"] and event != whole]
        assert sum(stage["dur"] for stage in stages) == pytest.approx(whole["dur"])
        assert stages[0]["ts"] == whole["ts"]
        for before, after in zip(stages, stages[1:], strict=False):
            assert after["ts"] == pytest.approx(before["ts"] + before["dur"])
        arm = list(stored.run["arms"])[whole["pid"]]["name"]
        [request] = stored.requests[(stored.requests["row"] == row) & (stored.requests["arm"] == arm)].to_dict(
            "records"
        )
        assert whole["dur"] == (request["observed_ns"] - request["intended_ns"]) / 1_000


def test_a_block_holds_all_its_requests(folder, stored, tmp_path):
    row = int(stored.requests["row"].iloc[3])
    path = tmp_path / "block.json"
    assert main(["timeline", str(folder), "--request", str(row), "--block", "--json", str(path)]) == 0
    events = json.loads(path.read_text())["traceEvents"]
    block = stored.requests.loc[stored.requests["row"] == row, "block"].iloc[0]
    rows = set(stored.requests.loc[stored.requests["block"] == block, "row"].tolist())
    assert {event["tid"] for event in events if event["ph"] == "X"} == rows


def test_a_request_that_is_not_there_is_named(folder, capsys):
    assert main(["timeline", str(folder), "--request", "99999"]) == 2
    assert "no request 99999" in capsys.readouterr().err


def test_tensorboard_reads_the_scalars_back(folder, stored, tmp_path):
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert main(["export", str(folder), "--tensorboard", str(tmp_path)]) == 0
    summary = conclude(stored).summary
    for arm in ("tfidf", "fake"):
        events = EventAccumulator(str(tmp_path / arm), size_guidance={"tensors": 0}).Reload()
        [stored_p50] = events.Tensors("single_stream/recommend/p50_ms")
        here = (summary["arm"] == arm) & (summary["request_kind"] == "recommend")
        assert stored_p50.tensor_proto.float_val[0] == pytest.approx(summary.loc[here, "p50_ms"].iloc[0])
        assert [event.step for event in events.Tensors("single_stream/blocks/p50_ms")] == [0, 1]


def test_tables_in_latex_are_balanced_and_escaped(folder, capsys):
    assert main(["show", str(folder), "--latex"]) == 0
    text = capsys.readouterr().out
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") >= 3
    assert not re.search(r"(?<!\\)[%#_&](?! )", text.replace(" & ", ""))
    assert "not measured" in text
    assert escape_latex("50 % of a_b & c ≤ 5 µs") == r"50 \% of a\_b \& c $\leq$ 5 $\mu$s"
    for line in text.splitlines():
        assert line.count("{") - line.count(r"\{") == line.count("}") - line.count(r"\}"), line


def test_two_formats_at_once_are_refused(folder, capsys):
    assert main(["show", str(folder), "--latex", "--json"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_profile_names_functions_without_the_machine_s_folders(tmp_path, capsys):
    scenario, out = write_scenario(tmp_path, scenario_text(arms=TFIDF)), tmp_path / "arm.pstats"
    words = ["hotspots", scenario, "--arm", "tfidf", "--requests", "20", "--top", "400", "--out", str(out)]
    assert main(words) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert "recsys/pipeline.py" in shown
    assert "gc.collect" not in shown
    assert not re.search(r"/(home|root|tmp|usr)/\S*\.py", shown)
    assert pstats.Stats(str(out)).total_calls > 100


def test_a_profile_is_of_one_arm_that_exists(tmp_path, capsys):
    assert main(["hotspots", write_scenario(tmp_path), "--arm", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
