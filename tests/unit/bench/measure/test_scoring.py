"""Quality of the lists of a run, on data where it can be told by hand."""

import numpy as np
import pytest
from small_data import dataset_of
from small_recommender import make_scenario

from bench.measure.floor_lists import FLOOR_LABELS, floor_lists
from bench.measure.scoring import score_arms, score_floors
from bench.measure.slices import Slice
from bench.traffic.requests import Trace

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


def trace():
    """Row 0 is the warm-up's; then user 0 asks, reports an event, and user 1 asks."""
    return Trace(np.array([3, 3, 4, 5]), np.array([False, False, True, False]), dataset_of(EVENTS))


def scored(*lists):
    made = np.array([NO_LIST, *lists], np.int32)
    return score_arms(SCENARIO, {"a": ARM}, {"a": made}, trace(), [PART])["a"]


def test_recall_counts_later_events_and_feedback_has_none():
    columns = scored([2, 4], NO_LIST, [0, 4])
    assert columns["recall_at_k"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 1.0], nan_ok=True)
    first_only = 1 / (1 + 1 / np.log2(3))
    assert columns["ndcg_at_k"].tolist() == pytest.approx([np.nan, first_only, np.nan, 1.0], nan_ok=True)


def test_a_request_without_an_answer_scores_0():
    assert scored(NO_LIST, NO_LIST, [0, 4])["recall_at_k"][1] == 0.0


def test_items_seen_before_the_slice_are_no_hits_and_not_wanted():
    rows = [*EVENTS[:4], (11, 0, 1), *EVENTS[5:]]  # user 0 comes back to item 1
    again = Trace(np.array([3, 3, 4, 5]), np.array([False, False, True, False]), dataset_of(rows))
    lists = np.array([NO_LIST, [2, 1], NO_LIST, [0, 4]], np.int32)
    columns = score_arms(SCENARIO, {"a": ARM}, {"a": lists}, again, [PART])["a"]
    assert columns["recall_at_k"][1] == 1.0, "only item 2 is wanted"


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
    assert scores["popularity"]["recall_at_k"].tolist() == pytest.approx([np.nan, 1.0, np.nan, 0.5], nan_ok=True)
