"""The LLM tax of arms whose slowness was planted."""

import numpy as np
import pandas as pd
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.answer import answer
from bench.analysis.summary import summarise
from bench.analysis.tax import tax_table

ARMS = [make_arm("base", "baseline", placement="none"), make_arm("full", "reference"), make_arm("lean")]
N = 800


def latencies(plus_ms, seed):
    return np.random.default_rng(seed).gamma(8, 0.25, N) + plus_ms


def concluded(arms=ARMS, plus_ms=(0.0, 10.0, 4.0), run=None, **columns):
    rows = []
    for place, (arm, plus) in enumerate(zip(arms, plus_ms, strict=True)):
        mine = {name: values[place] for name, values in columns.items()}
        rows.append(make_rows(arm["name"], latencies(plus, place), **mine))
    requests = pd.concat(rows, ignore_index=True)
    described = make_run(arms, requests, **(run or {}))
    summary = summarise(described, requests)
    tax = tax_table(described, requests, summary)
    return tax.set_index("arm"), answer(described, summary, tax)


def test_a_planted_difference_is_found_within_its_interval():
    tax, _ = concluded()
    assert list(tax.index) == ["full", "lean"], "the baseline pays no tax on itself"
    for arm, planted_ms in (("full", 10.0), ("lean", 4.0)):
        row = tax.loc[arm]
        assert row["delta_p50_low_ms"] < planted_ms < row["delta_p50_high_ms"]
        assert row["delta_p99_low_ms"] < planted_ms < row["delta_p99_high_ms"]
        assert row["resolvable"]


def test_what_is_won_back_is_a_share_of_the_references_tax():
    tax, _ = concluded()
    assert np.isnan(tax.loc["full", "recovered_share"])
    assert tax.loc["lean", "recovered_share"] == pytest.approx(0.6, abs=0.05)


def test_another_model_wins_nothing_back_of_what_this_one_costs():
    def of_model(revision):
        return [dict(arm, info={"revision": of}) for arm, of in zip(ARMS, ("", "minilm", revision), strict=True)]

    tax, said = concluded(arms=of_model("word-table"), fidelity_at_k=(np.nan, 1.0, 1.0))
    assert np.isnan(tax.loc["lean", "recovered_share"])
    assert "wins back" not in said
    tax, said = concluded(arms=of_model("minilm"), fidelity_at_k=(np.nan, 1.0, 1.0))
    assert tax.loc["lean", "recovered_share"] == pytest.approx(0.6, abs=0.05)
    assert "LEAN wins back" in said


def test_equal_arms_are_not_told_apart():
    tax, said = concluded(plus_ms=(0.0, 0.0, 0.0))
    assert not tax["resolvable"].any()
    assert "not resolvable" in said


def test_a_saturated_cell_has_no_number():
    wait_ms = (np.arange(N) % (N // 4)) * 200.0
    at_rate = {"load": "server", "load_kind": "server", "offered_per_s": 10.0}
    base = make_rows("base", latencies(0, 0), **at_rate)
    late = make_rows("full", wait_ms + 300, queue_ms=wait_ms, **at_rate)
    requests = pd.concat([base, late], ignore_index=True)
    run = make_run(ARMS[:2], requests)
    tax = tax_table(run, requests, summarise(run, requests)).iloc[0]
    assert tax["saturated"]
    assert not tax["resolvable"]
    assert np.isnan(tax["delta_p50_ms"])


def test_without_a_baseline_there_is_no_tax_and_the_answer_says_so():
    tax, said = concluded(arms=[make_arm("full", "reference"), make_arm("lean")], plus_ms=(10.0, 4.0))
    assert len(tax) == 0
    assert said.startswith("No answer: the run has no measured baseline")


def test_the_answer_says_cost_benefit_and_what_wins_it_back():
    recall = [np.tile([0.1, 0.0], N // 2), np.tile([0.3, 0.2], N // 2), np.tile([0.3, 0.2], N // 2)]
    _, said = concluded(recall_at_k=recall, fidelity_at_k=[np.nan, 1.0, 0.97])
    assert said.startswith("FULL buys recall: it adds ")
    assert "at p50 and " in said
    assert "a recommender that takes 1.9" in said
    assert ", and recall@10 changes by +0.200" in said
    assert "LEAN wins back 60 % of it at fidelity 0.970." in said


def test_speed_without_fidelity_is_not_credited():
    _, said = concluded(recall_at_k=[0.1, 0.1, 0.1], fidelity_at_k=[np.nan, 1.0, 0.90])
    assert "wins back" not in said
    assert "LEAN would win back 60 %, but its fidelity of 0.900 misses the gate of 0.95." in said


def test_a_model_that_does_not_pay_is_told():
    recall = [np.tile([0.3, 0.2], N // 2), np.tile([0.1, 0.0], N // 2), np.tile([0.1, 0.0], N // 2)]
    said = concluded(recall_at_k=recall)[1]
    assert said.startswith("FULL does not pay: it adds ")
    assert ", and recall@10 changes by −0.200" in said
    said = concluded(recall_at_k=[0.1, 0.1, 0.1])[1]
    assert said.startswith("FULL does not visibly pay: it adds ")
    assert "which is not told from nothing." in said


def test_what_it_buys_is_told_also_where_its_cost_is_not():
    recall = [np.tile([0.3, 0.2], N // 2), np.tile([0.1, 0.0], N // 2), np.tile([0.1, 0.0], N // 2)]
    said = concluded(plus_ms=(0.0, 0.0, 0.0), recall_at_k=recall)[1]
    assert said.startswith("What FULL adds at p50 is not resolvable: ")
    assert "It does not pay, and recall@10 changes by −0.200" in said


def test_no_benefit_is_claimed_for_random_weights_or_simulated_users():
    said = concluded()[1]
    assert "Its benefit was not measured: its weights are random." in said
    assert said.endswith("random."), "nothing is said of what wins it back"
    assert "no benefit is claimed" in concluded(run={"data": {"simulated": True}}, recall_at_k=[0.1, 0.3, 0.3])[1]


def of_two_restarts(**load):
    """Blocks of a process agree, processes do not: the pooled bounds exclude 0, those over two restarts cannot."""
    shift_ms = np.where(np.arange(N) < N // 2, 0.5, 0.8)
    parts = [
        make_rows(
            arm["name"],
            latencies(0.0, 5) + (shift_ms if arm["name"] == "full" else 0.0),
            process=np.arange(N) * 2 // N,
            **load,
        )
        for arm in ARMS[:2]
    ]
    rows = pd.concat(parts, ignore_index=True)
    run = make_run(ARMS[:2], rows)
    summary = summarise(run, rows)
    tax = tax_table(run, rows, summary)
    return tax.set_index("arm").loc["full"], answer(run, summary, tax)


def test_restarts_that_differ_widen_the_bounds_over_restarts_and_decide_what_is_resolvable():
    row, said = of_two_restarts()
    assert row["delta_p50_low_ms"] > 0
    assert row["delta_p50_restarts_low_ms"] < 0 < row["delta_p50_restarts_high_ms"]
    assert not row["resolvable"]
    assert row["delta_p99_restarts_low_ms"] < row["delta_p99_ms"] < row["delta_p99_restarts_high_ms"]
    assert said.startswith("What FULL adds at p50 is not resolvable: ")
    assert "] over restarts." in said, "the bounds that decided it"


def test_under_load_the_answer_tells_no_more_than_the_table():
    row, said = of_two_restarts(load="server", load_kind="server", offered_per_s=10.0)
    assert not row["resolvable"]
    assert "At 10 requests/s, which all arms sustain, it is not resolvable at p50: " in said


def test_one_process_says_nothing_of_restarts():
    tax, _ = concluded()
    assert tax[[column for column in tax if "restarts" in column]].isna().all(axis=None)
