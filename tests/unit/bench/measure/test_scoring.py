"""Quality of the lists of a run, on data where it can be told by hand."""

import dataclasses

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from small_data import dataset_of
from small_recommender import make_scenario

from bench.clock import VirtualClock
from bench.measure.arm import build_recommender, encode_catalogue
from bench.measure.floor_lists import FLOOR_LABELS, floor_lists
from bench.measure.scoring import _references, score_arms, score_floors
from bench.measure.slices import Slice
from bench.rows import FLOOR_COLUMNS
from bench.scenario import ArmTable
from bench.traffic.drawn import trace_of_events
from bench.traffic.ingests import Ingests
from bench.traffic.requests import draw_trace
from recsys.data.loading import load_dataset
from recsys.encoders import ENCODERS
from recsys.types import EventKind, RequestKind

EVENTS = [(1, 0, 0), (2, 1, 1), (3, 0, 1), (10, 0, 2), (11, 0, 3), (12, 1, 0), (13, 1, 4)]
"""t0 = 10. User 0 will meet items 2 and 3, user 1 items 0 and 4."""
SCENARIO = make_scenario(
    {"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none", "role": "baseline"},
    requests={"k": 2},
    data={"kind": "embedded", "train_share": 0.5},
)
ARM = SCENARIO.arm[0]
PART = Slice(SCENARIO.load_points()[0], 0, 1, 4)
NO_LIST = [-1, -1]
ROWS, REPORTED = np.array([3, 3, 4, 5]), np.array([False, False, True, False])

MINILM = {"name": "m", "encoder": {"kind": "transformer", "model": "minilm", "max_tokens": 12}}
"""Texts are cut short: a reference that read more of them would rank otherwise."""
IN_PATH = {placement: ArmTable.model_validate(MINILM | {"placement": placement}) for placement in ("profile", "items")}
ASKING = make_scenario(
    MINILM | {"placement": "profile"},
    requests={"k": 2, "feedback_share": 0.25, "ingest_share": 0.125},
    retrieval={"candidates": 20},
)
BLOCKS = [Slice(ASKING.load_points()[0], block, 12 * block, 12 * (block + 1)) for block in range(2)]


def trace():
    """Row 0 is the warm-up's; then user 0 asks, reports an event, and user 1 asks."""
    return trace_of_events(dataset_of(EVENTS), ROWS, REPORTED)


def scored(*lists):
    made = np.array([NO_LIST, *lists], np.int32)
    return score_arms(SCENARIO, {"a": ARM}, {"a": made}, trace(), [PART], warn=pytest.fail)["a"]


def test_recall_counts_later_events_and_feedback_has_none():
    columns = scored([2, 4], NO_LIST, [0, 4])
    assert columns["recall_at_k"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 1.0], nan_ok=True)
    first_only = 1 / (1 + 1 / np.log2(3))
    assert columns["ndcg_at_k"].tolist() == pytest.approx([np.nan, first_only, np.nan, 1.0], nan_ok=True)


def test_a_request_without_an_answer_scores_0():
    assert scored(NO_LIST, NO_LIST, [0, 4])["recall_at_k"][1] == 0.0


def test_novelty_counts_training_events_and_a_request_without_a_list_has_none():
    """Before t0 = 10 item 1 was met twice, item 0 once and the other three never: shares 3/8, 2/8, 1/8 each."""
    columns = scored([2, 1], NO_LIST, [0, 4])
    expected = [np.nan, np.mean([3, np.log2(8 / 3)]), np.nan, np.mean([2, 3])]
    assert columns["novelty"].tolist() == pytest.approx(expected, nan_ok=True)
    assert np.isnan(scored(NO_LIST, NO_LIST, [0, 4])["novelty"][1])


def test_diversity_is_measured_in_one_space_of_the_texts_known_at_t0():
    """Titles are "red red number0", "blue red number1", … (small_data): their TF-IDF cosine by scikit-learn."""
    titles = [item.title for item in trace().dataset.items]
    space = TfidfVectorizer(sublinear_tf=True).fit_transform(titles)
    columns = scored([2, 1], NO_LIST, [0, -1])
    cosine = (space[[2]] @ space[[1]].T).toarray()[0, 0]
    assert 0 < cosine < 1
    assert columns["diversity"].tolist() == pytest.approx([np.nan, 1 - cosine, np.nan, np.nan], nan_ok=True)


def test_without_an_arm_of_real_weights_nothing_is_scored():
    assert score_arms(SCENARIO, {}, {}, trace(), [PART], warn=pytest.fail) == {}


def test_items_seen_before_the_slice_are_no_hits_and_not_wanted():
    rows = [*EVENTS[:4], (11, 0, 1), *EVENTS[5:]]  # user 0 comes back to item 1
    again = trace_of_events(dataset_of(rows), ROWS, REPORTED)
    lists = np.array([NO_LIST, [2, 1], NO_LIST, [0, 4]], np.int32)
    columns = score_arms(SCENARIO, {"a": ARM}, {"a": lists}, again, [PART], warn=pytest.fail)["a"]
    assert columns["recall_at_k"][1] == 1.0, "only item 2 is wanted"


def test_what_was_disliked_is_not_wanted():
    """Events 3 and 4, of items 2 and 3, are those of user 0 after t0."""
    dataset = dataset_of(EVENTS)
    dataset.events.kind[3] = EventKind.DISLIKE
    lists = np.array([NO_LIST, [2, 3], NO_LIST, NO_LIST], np.int32)
    disliked = trace_of_events(dataset, ROWS, REPORTED)
    columns = score_arms(SCENARIO, {"a": ARM}, {"a": lists}, disliked, [PART], warn=pytest.fail)["a"]
    assert columns["ndcg_at_k"][1] == pytest.approx(1 / np.log2(3)), "item 3 alone, in the second place"


def test_cold_items_are_those_that_nobody_met_before_t0():
    """Items 0 and 1 were met: user 0 seeks the cold 2 and 3, user 1 the cold 4 beside the warm 0."""
    columns = scored([2, 4], NO_LIST, [0, 3])
    assert columns["recall_at_k"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 0.5], nan_ok=True)
    assert columns["cold_item_recall_at_k"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 0.0], nan_ok=True)
    assert scored([2, 4], NO_LIST, [3, 4])["cold_item_ndcg_at_k"][3] == pytest.approx(1 / np.log2(3))


def test_an_encoder_without_a_model_has_no_fidelity_and_the_baseline_overlaps_itself():
    columns = scored([2, 4], NO_LIST, [0, 4])
    assert np.isnan(columns["fidelity_at_k"]).all()
    assert columns["overlap_at_k"].tolist() == pytest.approx([np.nan, 1.0, np.nan, 1.0], nan_ok=True)


def test_floors_rank_by_training_events_alone_and_leave_out_what_was_seen():
    lists = floor_lists(SCENARIO, trace(), [PART])
    assert set(lists) == set(FLOOR_LABELS)
    assert (lists["popularity"][0] == -1).all(), "the warm-up asks nobody"
    assert (lists["popularity"][2] == -1).all(), "feedback has no list"
    assert lists["popularity"][1].tolist() == [2, 3], "user 0 has seen 0 and 1; the others tie, by position"
    assert lists["popularity"][3].tolist() == [0, 2], "user 1 has seen 1; item 0 was met once before t0"
    scores = score_floors(SCENARIO, lists, trace(), [PART])
    assert scores["popularity"]["novelty"].tolist() == pytest.approx([np.nan, 3.0, np.nan, 2.5], nan_ok=True)
    assert set(scores["random"]) == set(FLOOR_COLUMNS)
    assert scores["popularity"]["recall_at_k"].tolist() == pytest.approx([np.nan, 1.0, np.nan, 0.5], nan_ok=True)


def test_no_floor_shows_an_item_before_it_is_ingested_and_an_ingest_has_no_list():
    dataset = dataset_of(EVENTS)
    items = (*dataset.items[:4], dataclasses.replace(dataset.items[4], published_s=11))
    new = Ingests(np.array([4], np.int32), np.array([11]))
    made = trace_of_events(dataclasses.replace(dataset, items=items), np.array([3, 5]), np.zeros(2, bool), new)
    assert [request.kind.name for request in made.requests(0, 3)] == ["RECOMMEND", "INGEST", "RECOMMEND"]
    scenario = SCENARIO.model_copy(update={"requests": SCENARIO.requests.model_copy(update={"k": 5})})
    part = Slice(SCENARIO.load_points()[0], 0, 0, 3)
    lists = floor_lists(scenario, made, [part])
    for floor in FLOOR_LABELS:
        before, ingest, after = lists[floor]
        assert set(before.tolist()) == {2, 3, -1}, f"{floor}: user 0 has seen 0 and 1, and 4 is not there yet"
        assert set(after.tolist()) == {0, 2, 3, 4, -1}, f"{floor}: user 1 has seen 1"
        assert (ingest == -1).all()
    recall = score_floors(scenario, lists, made, [part])["popularity"]["recall_at_k"]
    assert recall.tolist() == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)


def best_and_worst(recommender, asked):
    """What the recommender recommends to every request of BLOCKS, and the candidates that it ranks last."""
    best = np.full((BLOCKS[-1].high, 2), -1, np.int32)
    worst = best.copy()
    for part in BLOCKS:
        requests = asked.requests(part.low, part.high)
        recommender.rewind(requests[0].timestamp_s)
        for request in requests:
            if request.kind is RequestKind.FEEDBACK:
                recommender.update(request)
                continue
            if request.kind is RequestKind.INGEST:
                recommender.ingest([request])
                continue
            row = part.low + request.row
            best[row] = recommender.recommend([request])[0].positions
            scores = recommender.scores([request])[0]
            worst[row] = np.argsort(np.where(np.isfinite(scores), scores, np.inf))[:2]
    return best, worst


@pytest.fixture(scope="module")
def minilm():
    """Which rows ask for a list, and the fidelity of "best" and "worst" lists in each placement."""
    if ENCODERS.entry("transformer").missing:
        pytest.skip("library not installed")
    dataset = load_dataset("embedded", data_dirs=[], users=12)
    asked = draw_trace(ASKING, dataset, BLOCKS[-1].high, ())
    encoded = encode_catalogue(ASKING, IN_PATH["profile"], dataset, VirtualClock())
    arms, lists = {}, {}
    for placement, arm in IN_PATH.items():
        best, worst = best_and_worst(build_recommender(ASKING, arm, dataset, encoded), asked)
        arms |= {f"{placement} best": arm, f"{placement} worst": arm}
        lists |= {f"{placement} best": best, f"{placement} worst": worst}
    scores = score_arms(ASKING, arms, lists, asked, BLOCKS, warn=pytest.fail)
    assert asked.counts() == {"recommend": 15, "feedback": 6, "ingest": 3}
    return asked.kind == RequestKind.RECOMMEND, {name: columns["fidelity_at_k"] for name, columns in scores.items()}


@pytest.mark.parametrize("placement", IN_PATH)
def test_an_exact_arm_is_faithful_to_its_own_reference(minilm, placement):
    asking, fidelity = minilm
    assert (fidelity[f"{placement} best"][asking] == 1.0).all()
    assert np.isnan(fidelity[f"{placement} best"][~asking]).all()


@pytest.mark.parametrize("placement", IN_PATH)
def test_the_worst_items_are_faithful_to_nothing(minilm, placement):
    asking, fidelity = minilm
    assert (fidelity[f"{placement} worst"][asking] == 0.0).all()
    assert np.isnan(fidelity[f"{placement} worst"][~asking]).all()


def test_candidate_recall_is_the_ceiling_of_recall_and_of_arms_with_a_re_ranker_alone():
    """User 0 seeks 2 and 3, user 1 seeks 0 and 4; the lists are some of the candidates, in another order."""
    lists = np.array([NO_LIST, [4, 2], NO_LIST, [0, 3]], np.int32)
    handed = np.array([[-1] * 3, [2, 3, 4], [-1] * 3, [3, 0, -1]], np.int32)
    arms = {"a": ARM, "b": ARM.model_copy(update={"name": "b", "role": ""})}
    made = {"a": lists, "b": lists}
    scores = score_arms(SCENARIO, arms, made, trace(), [PART], pytest.fail, handed={"a": handed})
    assert scores["a"]["candidate_recall"].tolist() == pytest.approx([np.nan, 1.0, np.nan, 0.5], nan_ok=True)
    assert scores["a"]["recall_at_k"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 0.5], nan_ok=True)
    assert np.isnan(scores["b"]["candidate_recall"]).all()


def test_a_request_that_was_never_served_was_handed_nothing():
    nothing = np.full((4, 3), -1, np.int32)
    lists = np.full((4, 2), -1, np.int32)
    scores = score_arms(SCENARIO, {"a": ARM}, {"a": lists}, trace(), [PART], pytest.fail, handed={"a": nothing})
    assert scores["a"]["candidate_recall"][[1, 3]].tolist() == [0.0, 0.0]


def test_the_exact_reference_of_a_re_ranking_arm_re_ranks_too_in_full_precision():
    late = {"kind": "late_interaction", "candidates": 30, "stored": "fp16", "batch_tokens": 99}
    arms = {
        "counted": ArmTable.model_validate(ARM.model_dump() | {"reranking": late}),
        "dense": ArmTable.model_validate(MINILM | {"reranking": late | {"precision": "bf16", "batch_tokens": 5}}),
        "plain": ArmTable.model_validate(MINILM),
    }
    references = {names[0]: reference for reference, names in _references(arms)}
    for name in ("counted", "dense"):
        options = references[name].reranking.options
        assert (options["precision"], options["stored"], options["candidates"]) == ("fp32", "fp32", 30)
    assert references["counted"].encoder.kind == "tfidf" and references["counted"].cache is None
    assert references["plain"].reranking is None
