"""Checks against results from elsewhere, on planted summaries: pass, fail, and what cannot be told."""

import numpy as np
import pandas as pd
import pytest

from bench.analysis.outside_checks import CHECKS, outside_checks
from bench.analysis.statements import Outcome

PASS, FAIL, UNTOLD = Outcome.PASS, Outcome.FAIL, Outcome.NOT_TESTABLE
LADDER = {
    "tfidf": {"kind": "tfidf"},
    "words": {"kind": "word_table"},
    "minilm": {"kind": "transformer", "model": "minilm"},
    "bert": {"kind": "transformer", "model": "bert-base-uncased", "weights": "random"},
    "qwen": {"kind": "causal_lm", "model": "qwen3-0.6b", "weights": "random"},
}


def arm(name, encoder, info=None, status="measured", **table):
    """An arm as run.json and the scenario describe it."""
    placement = table.setdefault("placement", "none" if encoder["kind"] == "tfidf" else "profile")
    device = table.setdefault("device", "cpu")
    table = {"name": name, "label": name, "encoder": encoder, "cache": None, "index": None} | table
    described = {
        "name": name, "label": name.upper(), "role": "baseline" if name == "tfidf" else "", "status": status,
        "placement": placement, "device": device, "info": {"precision": "fp32", "real_weights": True} | (info or {}),
    }  # fmt: skip
    return described, table


def cell(name, load_kind="single_stream", **values):
    return {
        "arm": name, "load_kind": load_kind, "request_kind": "recommend", "saturated": False, "achieved_per_s": np.nan,
        "p50_ms": np.nan, "p50_low_ms": np.nan, "p50_high_ms": np.nan, "fidelity_at_k": np.nan, "recall_at_k": np.nan,
        "recall_at_k_low": np.nan, "recall_at_k_high": np.nan,
    } | values  # fmt: skip


def judged(check, arms, cells, tax=(), k=20, simulated=False):
    """One check's outcome and message."""
    run = {
        "arms": [described for described, _ in arms],
        "scenario": {"requests": {"k": k}, "arm": [table for _, table in arms]},
        "data": {"simulated": simulated},
    }
    columns = ["arm", "load_kind", "delta_p50_low_ms", "delta_p50_ms", "delta_p50_high_ms"]
    found = outside_checks(run, pd.DataFrame(cells), pd.DataFrame(tax, columns=columns))
    assert [one.name for one in found] == ["C1", "C2", "C3", "C4", "C5"]
    (own,) = [one for one in found if one.name == check]
    assert own.message
    return own.outcome, own.message


def ladder(per_s, **changes):
    """C1 for arms with these offline throughputs."""
    arms = [arm(name, LADDER[name], **changes.get(name, {})) for name in per_s]
    return judged("C1", arms, [cell(name, "offline", achieved_per_s=value) for name, value in per_s.items()])


FALLING = {"tfidf": 2000.0, "words": 1500.0, "minilm": 90.0, "bert": 12.0, "qwen": 2.0}


def test_c1_the_whole_order_passes_with_its_numbers():
    outcome, message = ladder(FALLING)
    assert outcome is PASS
    assert message == "TF-IDF 2,000/s, word table 1,500/s, MiniLM 90.0/s, BERT-base 12.0/s, decoder 2.00/s"


def test_c1_one_pair_in_the_wrong_order_fails():
    assert ladder(FALLING | {"bert": 100.0})[0] is FAIL
    assert ladder(FALLING | {"tfidf": 1000.0})[0] is FAIL


def test_c1_names_the_rungs_that_a_run_lacks_and_judges_the_others():
    outcome, message = ladder({"tfidf": 2000.0, "minilm": 90.0})
    assert outcome is PASS
    assert "not in this run: word table, BERT-base, decoder" in message
    assert ladder({"minilm": 90.0})[0] is UNTOLD


def test_c1_throughputs_too_close_to_tell_are_no_order():
    assert ladder(FALLING | {"words": 2000.0})[0] is UNTOLD
    assert ladder(FALLING | {"words": 2000.0, "bert": 100.0})[0] is FAIL, "another pair is in the wrong order"


@pytest.mark.parametrize(
    "change",
    [
        {"device": "cuda:0"}, {"info": {"precision": "int8"}}, {"cache": {"capacity_mb": 64}},
        {"placement": "offline"}, {"serving": {"kind": "microbatch"}}, {"status": "failed"},
    ],
    ids=str,
)  # fmt: skip
def test_c1_arms_under_other_conditions_are_no_rungs(change):
    outcome, message = ladder(FALLING | {"bert": 100.0}, bert=change)
    assert outcome is PASS
    assert "not in this run: BERT-base" in message


def tiny(cpu_ms, gpu_ms, network=None, **of_gpu):
    """C2 for one network on both devices; each time with bounds ±10 %."""
    network = network or {"kind": "bilstm"}
    arms = [arm("cpu", network), arm("gpu", of_gpu.pop("encoder", network), device="cuda", **of_gpu)]
    times = {"cpu": cpu_ms, "gpu": gpu_ms}
    cells = [cell(name, p50_ms=ms, p50_low_ms=0.9 * ms, p50_high_ms=1.1 * ms) for name, ms in times.items()]
    return judged("C2", arms, cells)


def test_c2_a_tiny_network_on_a_gpu():
    outcome, message = tiny(1.0, 2.0)
    assert outcome is PASS
    assert message == "GPU 2.00 ms at p50, on the CPU 1.00 ms"
    assert tiny(1.0, 0.5)[0] is FAIL
    assert tiny(1.0, 0.95)[0] is PASS, "the intervals overlap: it is not told to be faster"
    assert tiny(1.0, 0.5, {"kind": "transformer", "model": "bert-tiny-uncased"})[0] is FAIL


def test_c2_only_pairs_that_differ_in_their_device_alone_count():
    assert tiny(1.0, 0.5, {"kind": "transformer", "model": "minilm"})[0] is UNTOLD, "not tiny"
    assert tiny(1.0, 0.5, placement="offline")[0] is UNTOLD
    assert tiny(1.0, 0.5, encoder={"kind": "bilstm", "hidden_units": 8})[0] is UNTOLD
    assert tiny(1.0, np.nan)[0] is UNTOLD
    assert judged("C2", [arm("cpu", {"kind": "bilstm"})], [cell("cpu", p50_ms=1.0)])[0] is UNTOLD


def offline(*deltas_ms, base_ms=1.0):
    """C3 for offline arms with these (low, point, high) over the baseline."""
    arms = [arm("tfidf", LADDER["tfidf"])]
    arms += [arm(f"arm{place}", LADDER["minilm"], placement="offline") for place in range(len(deltas_ms))]
    tax = [(f"arm{place}", "single_stream", *bounds) for place, bounds in enumerate(deltas_ms)]
    return judged("C3", arms, [cell("tfidf", p50_ms=base_ms)], tax)


def test_c3_what_offline_adds():
    outcome, message = offline((-0.1, 0.05, 0.15))
    assert outcome is PASS
    assert message == "ARM0 5.00 % [−10.0, 15.0]"
    assert offline((0.25, 0.3, 0.4))[0] is FAIL
    assert offline((0.1, 0.15, 0.25))[0] is UNTOLD, "the interval holds 20 %"
    assert offline((-0.1, 0.0, 0.1), (0.25, 0.3, 0.4))[0] is FAIL, "every offline arm counts"
    assert offline((0.05, 0.1, 0.15), (0.25, 0.3, 0.4), base_ms=10.0)[0] is PASS


def test_c3_without_a_baseline_an_offline_arm_or_bounds_is_not_testable():
    assert offline()[0] is UNTOLD
    assert offline((np.nan, np.nan, np.nan))[0] is UNTOLD
    assert offline((-np.inf, 0.1, np.inf))[0] is UNTOLD
    assert offline((0.0, 0.1, 0.15), base_ms=np.nan)[0] is UNTOLD
    lone = [arm("arm0", LADDER["minilm"], placement="offline")]
    assert judged("C3", lone, [cell("arm0", p50_ms=1.0)], [("arm0", "single_stream", 0.0, 0.1, 0.15)])[0] is UNTOLD


INT8_MODEL = {"encoder": {"kind": "onnx", "precision": "int8"}, "info": {"precision": "int8"}}
INT8_INDEX = {"encoder": LADDER["minilm"], "index": {"kind": "quantised"}}


def int8(*arms, fidelities, k=20):
    """C4 for arms with these fidelities, the same at each load."""
    described = [arm(f"arm{place}", **given) for place, given in enumerate(arms)]
    cells = [
        cell(f"arm{place}", load, fidelity_at_k=fidelity)
        for place, fidelity in enumerate(fidelities)
        for load in ("single_stream", "offline")
    ]
    return judged("C4", described, cells, k=k)


def test_c3_an_index_of_its_own_is_no_cost_of_the_placement():
    arms = [
        arm("tfidf", LADDER["tfidf"]),
        arm("arm0", LADDER["minilm"], placement="offline", index={"kind": "quantised"}),
    ]
    tax = [("arm0", "single_stream", 0.25, 0.3, 0.4)]
    assert judged("C3", arms, [cell("tfidf", p50_ms=1.0)], tax)[0] is UNTOLD


def test_c4_fidelity_of_eight_bits_in_the_model_or_the_index():
    outcome, message = int8(INT8_MODEL, fidelities=[0.975])
    assert (outcome, message) == (PASS, "ARM0 0.975")
    assert int8(INT8_MODEL, fidelities=[0.96])[0] is FAIL
    assert int8(INT8_INDEX, fidelities=[0.96])[0] is FAIL
    assert int8(INT8_INDEX, INT8_MODEL, fidelities=[1.0, 0.9])[0] is FAIL


def test_c4_other_precisions_and_lengths_of_list_are_not_testable():
    binary = INT8_INDEX | {"index": {"kind": "quantised", "precision": "binary"}}
    assert int8(binary, {"encoder": LADDER["minilm"]}, fidelities=[0.5, 0.5])[0] is UNTOLD
    assert int8(INT8_MODEL, fidelities=[np.nan])[0] is UNTOLD
    outcome, message = int8(INT8_MODEL, fidelities=[0.99], k=10)
    assert outcome is UNTOLD
    assert "requests.k=20" in message


def sizes(recalls, half_width=0.001, simulated=False, **info):
    """C5 for encoders of rising size with these recalls."""
    arms = [
        arm(f"arm{place}", LADDER["minilm"], info={"weights_bytes": 10 ** (6 + place)} | info)
        for place in range(len(recalls))
    ]
    cells = [
        cell(f"arm{place}", recall_at_k=r, recall_at_k_low=r - half_width, recall_at_k_high=r + half_width)
        for place, r in enumerate(recalls)
    ]
    return judged("C5", arms[::-1], cells, simulated=simulated)


def test_c5_the_last_step_up_buys_little():
    outcome, message = sizes([0.020, 0.030, 0.031])
    assert outcome is PASS
    assert message == "ARM0 0.0200, ARM1 0.0300, ARM2 0.0310", "by size, in whatever order the arms stand"
    assert sizes([0.020, 0.030, 0.025])[0] is PASS, "a larger one that is worse adds less, too"
    assert sizes([0.020, 0.030, 0.036])[0] is FAIL


def test_c5_needs_three_sizes_of_real_weights_on_recorded_tastes_and_a_first_step():
    assert sizes([0.020, 0.030])[0] is UNTOLD
    assert sizes([0.020, 0.030, 0.031], real_weights=False)[0] is UNTOLD
    assert sizes([0.020, 0.030, 0.031], weights_bytes=90)[0] is UNTOLD, "three arms of one size"
    assert sizes([0.020, 0.030, 0.031], precision="int8")[0] is UNTOLD
    assert sizes([0.020, 0.030, 0.031], simulated=True)[0] is UNTOLD
    assert sizes([0.020, 0.030, 0.031], half_width=0.006)[0] is UNTOLD, "the first step is not told from nothing"


def test_a_saturated_cell_says_nothing():
    arms = [arm(name, LADDER[name]) for name in ("tfidf", "words")]
    cells = [cell(name, "offline", achieved_per_s=9.0, saturated=True) for name in ("tfidf", "words")]
    assert judged("C1", arms, cells)[0] is UNTOLD


def test_every_check_has_a_name_and_a_claim():
    assert [check.NAME for check in CHECKS] == ["C1", "C2", "C3", "C4", "C5"]
    assert all(len(check.CLAIM) > 20 and check.__doc__ for check in CHECKS)


def test_arms_that_re_rank_are_no_evidence_on_encoders():
    """Else MiniLM's rung would have the throughput of its re-ranker, and offline vectors its cost."""
    late = {"reranking": {"kind": "late_interaction"}}
    assert ladder(FALLING | {"minilm": 1.0}, minilm=late)[0] is PASS
    arms = [arm("tfidf", LADDER["tfidf"]), arm("minilm", LADDER["minilm"], placement="offline", **late)]
    tax = [("minilm", "single_stream", 19.0, 20.0, 21.0)]
    outcome, message = judged("C3", arms, [cell("tfidf", p50_ms=1.0)], tax)
    assert outcome is UNTOLD and "no baseline beside" in message
