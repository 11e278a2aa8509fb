"""The groups of quality.csv, on requests whose scores are given."""

import numpy as np
import pandas as pd
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.quality_table import quality_table

USERS = list("aabb")
FLOORS = pd.DataFrame({
    "floor": "popularity", "label": "Popularity", "row": range(4), "user": USERS, "recall_at_k": [0.0, 0.2, 0.4, 0.6],
    "ndcg_at_k": 0.1, "cold_item_recall_at_k": [np.nan, np.nan, 0.3, 0.5], "cold_item_ndcg_at_k": np.nan,
})  # fmt: skip


def table_of(**changes):
    scores = {"recall_at_k": [0.1, 0.3, 0.5, 0.7], "cold_item_recall_at_k": [np.nan, 0.2, 0.4, 0.6]}
    rows = make_rows("a", np.full(4, 5.0), user=USERS, **(scores | changes))
    return quality_table(make_run([make_arm("a")], rows), rows, FLOORS).set_index(["arm", "group", "metric"])["value"]


def test_cold_users_are_a_group_of_arms_and_floors():
    value = table_of(cold_user=[True, True, False, False])
    assert value["a", "all", "recall"] == np.mean([0.2, 0.6])
    assert value["a", "cold_user", "recall"] == 0.2, "the mean over user a alone"
    assert value["popularity", "cold_user", "recall"] == 0.1


def test_cold_items_are_a_group_of_the_users_who_sought_any():
    value = table_of(cold_user=False)
    assert value["a", "cold_item", "recall"] == np.mean([0.2, 0.5])
    assert value["popularity", "cold_item", "recall"] == 0.4
    assert ("popularity", "cold_item", "ndcg") not in value, "what was not measured has no row"


def test_a_group_without_users_and_a_run_without_groups_have_no_rows():
    assert "cold_user" not in table_of(cold_user=False).index.get_level_values("group")
    old = table_of().index.get_level_values("group")
    assert "cold_user" not in old


def test_what_a_re_ranker_was_handed_stands_beside_recall_and_only_where_there_is_one():
    value = table_of(candidate_recall=[0.4, 0.4, 0.5, 0.9])
    assert value["a", "all", "candidate_recall"] == np.mean([0.4, 0.7])
    assert ("a", "all", "candidate_recall") not in table_of(candidate_recall=np.nan)
    assert ("a", "all", "candidate_recall") not in table_of(), "a run that was stored before it was measured"
