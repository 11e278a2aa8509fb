"""Rows of an evaluation, on users, sessions and lists that can be read off."""

import dataclasses

import numpy as np
import pytest
from small_data import dataset_of
from small_recommender import make_scenario

from bench.experiments.evaluation_rows import Yardstick, impression_rows
from recsys.data.impressions import Impressions
from recsys.data.sessions import SESSION_BREAK_S
from recsys.evaluation import Ranked, split_users
from recsys.quality import hits

T0 = 10
NEXT = T0 + SESSION_BREAK_S + 5
EVENTS = [(1, 0, 0), (2, 1, 1), (3, 2, 0), (4, 0, 1), (5, 1, 0), (6, 2, 1),
          (T0, 0, 2), (T0 + 1, 1, 2), (T0 + 2, 2, 1), (NEXT, 0, 3), (NEXT, 1, 3), (NEXT, 2, 3)]  # fmt: skip
"""Everybody has met 0 and 1. Users 0 and 1 meet 2 in their first session after t0 and 3 in the next; user 2 nothing
new in the first, and 3 in the next."""
SCENARIO = make_scenario({"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"},
                         data={"kind": "embedded", "train_share": 0.5}, requests={"k": 1})  # fmt: skip
IDENTITY = {"arm": "a", "label": "A", "is_floor": False, "k": 1}


def rows_of(lists):
    dataset = dataset_of(EVENTS)
    split = split_users(dataset, train_share=0.5, history=5)
    assert split.users.tolist() == [0, 1, 2]
    recommended = np.array(lists, np.int32)
    ranked = Ranked(recommended, hits(recommended, split.relevant), split.n_relevant)
    rows = Yardstick.of(SCENARIO, dataset, split).rows(IDENTITY, ranked)
    return {row["metric"]: row for row in rows if row["group"] == "all"}


@pytest.mark.parametrize(("lists", "share"), [([[2], [3], [3]], 0.5), ([[2], [2], [2]], 1.0), ([[3], [4], [3]], 0.0)])
def test_the_session_after_t0_is_satisfied_by_what_is_met_in_it(lists, share):
    """User 2, whose session held nothing new, has none to be satisfied."""
    assert rows_of(lists)["satisfaction_proxy"]["value"] == share


def test_recall_counts_all_later_events():
    rows = rows_of([[2], [3], [3]])
    assert rows["recall"]["value"] == pytest.approx(np.mean([0.5, 0.5, 1]))
    assert rows["hit_rate"]["value"] == 1


def test_coverage_and_gini_are_of_all_lists_over_the_catalogue():
    rows = rows_of([[2], [2], [3]])
    assert rows["coverage"]["value"] == 2 / 5
    assert rows["exposure_gini"]["value"] == pytest.approx((2 * 1 + 4 * 2) / (5 * 3))
    assert "low" not in rows["coverage"]


def test_novelty_is_that_of_the_training_events():
    """Three events each of items 0 and 1: one is added to every item, so item 2 has a share of 1/11."""
    assert rows_of([[2], [2], [3]])["novelty"]["value"] == pytest.approx(np.log2(11))
    assert "diversity" not in rows_of([[2], [2], [3]]), "a list of one has no pair"


def test_users_are_the_means_of_their_impressions():
    """User 0 has an AUC of 1 and one of 0, user 1 one of 1: 0.75 over users, 2/3 over impressions."""
    shown = Impressions(
        np.array([20, 21, 22]), np.array([0, 0, 1], np.int32), np.array([0, 2, 4, 6]),
        np.array([0, 1] * 3, np.int32), np.array([True, False, False, True, True, False]),
    )  # fmt: skip
    rows = {(row["metric"], row["k"]): row for row in impression_rows(IDENTITY, np.array([2.0, 1.0] * 3), shown)}
    assert set(rows) == {("auc", None), ("mrr", None), ("ndcg", 5), ("ndcg", 10)}
    assert rows["auc", None]["value"] == 0.75
    assert rows["mrr", None]["value"] == pytest.approx(np.mean([0.75, 1]))
    assert {row["group"] for row in rows.values()} == {"impressions"}


def test_recorded_sessions_count():
    dataset = dataclasses.replace(dataset_of(EVENTS), recorded_sessions=np.zeros(len(EVENTS), np.int32))
    yardstick = Yardstick.of(SCENARIO, dataset, split_users(dataset, train_share=0.5, history=5))
    assert [goals.tolist() for goals in yardstick.next_visit] == [[2, 3], [2, 3], [3]], "one session for ever"
