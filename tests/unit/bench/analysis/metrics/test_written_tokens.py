"""Time to the first token and for each other one, on requests whose stages are given."""

import numpy as np
import pytest
from synthetic_run import NS_PER_MS, make_arm, make_rows, make_run

from bench.analysis.summary import summarise

N = 101


def summary_of(new_tokens, **changes):
    """First tokens of 1 to 101 ms; those after them take half as long together."""
    rows = make_rows("a", np.full(N, 200.0))
    first_ns = np.arange(1, N + 1) * NS_PER_MS
    for stage in ("rank", "first_token", "more_tokens", "rerank"):
        rows[f"mark_{stage}_ns"] = rows["taken_ns"]
    rows["mark_first_token_ns"] += first_ns
    rows["mark_more_tokens_ns"] += first_ns + first_ns // 2
    rows = rows.assign(**changes)
    arm = make_arm("a", reranker={"kind": "llm_list", "new_tokens": new_tokens} if new_tokens else {})
    return summarise(make_run([arm], rows), rows).iloc[0]


def test_the_first_token_and_the_others_are_told_apart():
    row = summary_of(6)
    assert row["first_token_p50_ms"] == pytest.approx(51)
    assert row["per_token_p50_ms"] == pytest.approx(25.5 / 5)


def test_a_list_of_one_token_has_no_others():
    row = summary_of(1)
    assert row["first_token_p50_ms"] == pytest.approx(51)
    assert np.isnan(row["per_token_p50_ms"])


def test_who_writes_nothing_has_no_token_times():
    assert np.isnan(summary_of(0)[["first_token_p50_ms", "per_token_p50_ms"]].astype(float)).all()
    assert np.isnan(summary_of(6, request_kind="feedback")["first_token_p50_ms"])


def test_requests_without_an_answer_have_no_tokens_either():
    late = np.where(np.arange(N) >= 51, "timed_out", "answered")
    assert summary_of(6, outcome=late)["first_token_p50_ms"] == pytest.approx(26)
