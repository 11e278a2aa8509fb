"""A run whose arms re-rank: what its tables and its record say of that."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mini_scenario import REQUESTS, TFIDF, made_run, scenario_text

from bench.analysis.stages import stage_lengths_ns
from recsys.reranking import RERANKERS

LOADS = '[[load]]\nkind = "single_stream"\nrequests = 60\n[[load]]\nkind = "offline"\nrequests = 24\n'
N, NEW_TOKENS = 16, 4
ARM = '[[arm]]\nname = "NAME"\nencoder = { kind = "tfidf" }\nplacement = "none"\n'
LATE = ARM.replace("NAME", "late") + f'reranking = {{ kind = "late_interaction", candidates = {N}, max_tokens = 24 }}\n'
LIST = ARM.replace("NAME", "list") + (
    'reranking = { kind = "llm_list", model = "qwen3-tiny", weights = "random", '
    f"candidates = 12, new_tokens = {NEW_TOKENS}, user_tokens = 100 }}\n"
    'serving = { kind = "microbatch" }\nworkers = 2\n'
)
TEXT = scenario_text(load=LOADS, requests=REQUESTS + "ingest_share = 0.1\n", arms=TFIDF + LATE + LIST)

pytestmark = pytest.mark.skipif(bool(RERANKERS.entry("llm_list").missing), reason="library not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("rerank"), TEXT)


@pytest.fixture(scope="module")
def requests(run):
    return pq.read_table(run / "requests.parquet").to_pandas()


@pytest.fixture(scope="module")
def summary(run):
    table = pd.read_csv(run / "summary.csv")
    return table[(table["request_kind"] == "recommend")].set_index(["arm", "load"])


def test_every_arm_was_measured_and_says_what_re_ranks(run):
    arms = {arm["name"]: arm for arm in json.loads((run / "run.json").read_text(encoding="utf-8"))["arms"]}
    assert {arm["status"] for arm in arms.values()} == {"measured"}, [arm["details"] for arm in arms.values()]
    assert arms["tfidf"]["reranker"] == {}
    late, listed = arms["late"]["reranker"], arms["list"]["reranker"]
    assert (late["kind"], late["candidates"], late["real_weights"], late["stored"]) == (
        "late_interaction", N, True, "float16",
    )  # fmt: skip
    assert late["item_vectors_bytes"] == late["item_tokens"] * 384 * 2
    assert (listed["new_tokens"], listed["real_weights"]) == (NEW_TOKENS, False)


def test_recall_cannot_exceed_what_the_candidates_hold(requests, summary):
    late = requests[(requests["arm"] == "late") & (requests["request_kind"] == "recommend")]
    known = late["recall_at_k"].notna()
    assert known.sum() > 20
    assert (late["candidate_recall"].notna() == known).all()
    assert (late["recall_at_k"] <= late["candidate_recall"] + 1e-6)[known].all()
    assert (late["recall_at_k"] < late["candidate_recall"])[known].any(), "or the test shows nothing"
    assert 0 < summary.loc[("late", "single_stream"), "candidate_recall"] < 1


def test_what_has_no_re_ranker_or_random_weights_has_no_candidate_recall(requests, summary, run):
    for arm in ("tfidf", "list"):
        assert requests.loc[requests["arm"] == arm, "candidate_recall"].isna().all()
        assert np.isnan(summary.loc[(arm, "single_stream"), "candidate_recall"])
    assert summary.loc[("tfidf", "single_stream"), "recall_at_k"] >= 0
    assert np.isnan(summary.loc[("list", "single_stream"), "recall_at_k"])
    quality = pd.read_csv(run / "quality.csv")
    assert set(quality.loc[quality["metric"] == "candidate_recall", "arm"]) == {"late"}
    assert "list" not in set(quality["arm"])


def test_float16_vectors_give_nearly_the_list_of_exact_ones(summary):
    assert summary.loc[("late", "single_stream"), "fidelity_at_k"] > 0.95


def test_the_list_differs_from_that_of_the_ranker_alone(summary):
    assert summary.loc[("late", "single_stream"), "overlap_at_k"] < 0.95


def test_stages_partition_every_request_and_only_a_written_list_has_the_two_of_its_tokens(requests):
    lengths = stage_lengths_ns(requests)
    assert (lengths.sum(axis=1) == requests["observed_ns"] - requests["intended_ns"]).all()
    asked = requests["request_kind"] == "recommend"
    for arm, writes in (("tfidf", False), ("late", False), ("list", True)):
        mine = lengths[(requests["arm"] == arm) & asked]
        for stage in ("first_token", "more_tokens"):
            assert ((mine[stage] > 0).mean() > 0.9) == writes
            assert ((mine[stage] == 0).all()) != writes
    assert (lengths["rerank"][(requests["arm"] == "late") & asked] > 100_000).mean() > 0.9, "a forward pass of MiniLM"


def test_the_times_of_tokens_are_those_of_the_stages(requests, summary):
    row = summary.loc[("list", "single_stream")]
    mine = requests[(requests["arm"] == "list") & (requests["load"] == "single_stream")]
    lengths_ms = stage_lengths_ns(mine[(mine["request_kind"] == "recommend") & mine["counted"]]) / 1e6
    for column, stage, tokens in (
        ("first_token_p50_ms", "first_token", 1),
        ("per_token_p50_ms", "more_tokens", NEW_TOKENS - 1),
    ):
        ranked = np.sort(lengths_ms[stage])
        assert row[column] == pytest.approx(ranked[int(np.ceil(len(ranked) / 2)) - 1] / tokens, rel=1e-5)
    assert summary.loc[[("tfidf", "single_stream"), ("late", "single_stream")], "first_token_p50_ms"].isna().all()


def test_tokens_of_the_re_ranker_count(summary):
    assert summary.loc[("late", "single_stream"), "tokens_per_request"] > 5
    assert summary.loc[("list", "single_stream"), "tokens_per_request"] > 60
    padded = summary["padded_tokens_per_request"]
    assert (padded >= summary["tokens_per_request"] - 1e-6)[["late", "list"]].all()


def test_the_report_shows_candidate_recall_and_the_new_stages(run):
    page = (run / "report.md").read_text(encoding="utf-8")
    assert "Candidate recall" in page
