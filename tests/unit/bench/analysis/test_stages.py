"""Where the time goes: the parts add up to the whole."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import STAGE, make_arm, make_rows, make_run

from bench.analysis.stages import stage_lengths_ns, stage_table

MILLISECONDS = np.linspace(10, 110, 1000)


def test_queue_and_stages_add_up_to_the_response_time_of_every_request():
    rows = make_rows("a", MILLISECONDS, queue_ms=3.0)
    lengths = stage_lengths_ns(rows)
    assert (lengths.sum(axis=1) == rows["observed_ns"] - rows["intended_ns"]).all()
    assert (lengths["queue"] == 3_000_000).all()
    assert (lengths.drop(columns=["queue", STAGE]) == 0).all(axis=None)


def table(rows):
    return stage_table(make_run([make_arm("a")], rows), rows).pivot_table("ms", "stage", "around", aggfunc="sum")


def test_around_a_percentile_stand_the_requests_that_are_there():
    found = table(make_rows("a", np.random.default_rng(1).permutation(MILLISECONDS), queue_ms=3.0))
    assert found["mean"].sum() == pytest.approx(60, abs=0.01)
    assert found["p50"].sum() == pytest.approx(60, abs=0.2)
    assert found["p99"].sum() == pytest.approx(109, abs=0.2)
    assert found.loc["queue"].tolist() == [3.0] * 3


def test_a_percentile_that_is_not_owed_has_no_stages():
    assert list(table(make_rows("a", MILLISECONDS[:100]))) == ["mean", "p50"]


def test_offline_has_no_stages_and_unanswered_requests_are_left_out():
    rows = pd.concat(
        [
            make_rows("a", MILLISECONDS, load="offline", load_kind="offline"),
            make_rows("a", np.repeat([10.0, 5000.0], 500), outcome=np.repeat(["answered", "timed_out"], 500)),
        ],
        ignore_index=True,
    )
    stages = stage_table(make_run([make_arm("a")], rows), rows)
    assert set(stages["load"]) == {"single_stream"}
    assert stages[stages["around"] == "mean"]["ms"].sum() == pytest.approx(10)


def test_a_run_that_did_not_know_a_stage_is_read_without_it():
    rows = make_rows("a", MILLISECONDS, queue_ms=3.0)
    old = rows.drop(columns=["mark_first_token_ns", "mark_more_tokens_ns"])
    lengths = stage_lengths_ns(old)
    assert "first_token" not in lengths
    assert (lengths.sum(axis=1) == rows["observed_ns"] - rows["intended_ns"]).all()
    assert table(old).loc["rerank"].tolist() == table(rows).loc["rerank"].tolist()
