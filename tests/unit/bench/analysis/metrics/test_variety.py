"""What lists are made of, on lists that can be counted."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from synthetic_run import make_arm, make_rows, make_run

from bench.analysis.quality_table import quality_table
from bench.analysis.summary import summarise

LISTS = [["i0", "i1"], ["i1", "i2"], [], ["i0"]]


def rows_of(arm="a", **changes):
    lists = pa.array(LISTS, pa.list_(pa.string()))
    return make_rows(arm, np.full(4, 5.0), recommended=pd.Series(lists, dtype=pd.ArrowDtype(lists.type)), **changes)


def summary_of(rows, **arm):
    return summarise(make_run([make_arm("a", **arm)], rows, data={"simulated": False, "items": 10}), rows).iloc[0]


def test_coverage_counts_each_item_once_over_all_lists():
    assert summary_of(rows_of())["coverage"] == 0.3


def test_exposure_gini_is_over_the_whole_catalogue():
    """Seven of ten items are never shown, one once, two twice: (5 · 1 + 7 · 2 + 9 · 2) / (10 · 5)."""
    assert summary_of(rows_of())["exposure_gini"] == pytest.approx(0.74)


def test_lists_of_requests_that_settle_are_not_counted():
    assert summary_of(rows_of(counted=[False, False, True, True]))["coverage"] == 0.1


def test_random_weights_and_feedback_cover_nothing():
    assert np.isnan(summary_of(rows_of(), info={"real_weights": False})["coverage"])
    assert np.isnan(summary_of(rows_of(request_kind="feedback"))["coverage"])


def test_diversity_and_novelty_are_means_over_users_and_empty_where_no_list_has_them():
    rows = rows_of(user=["often", "often", "often", "rare"], novelty=[2.0, 4.0, np.nan, 9.0], diversity=np.nan)
    found = summary_of(rows)
    assert found["novelty"] == 6.0
    assert np.isnan(found["diversity"])


def test_quality_has_them_of_arms_and_floors_with_intervals():
    rows = rows_of(user=list("abcd"), novelty=[1.0, 2.0, 3.0, 4.0], diversity=0.5)
    floors = pd.DataFrame({"floor": "popularity", "label": "Popularity", "row": range(4), "user": list("abcd"),
                           "recall_at_k": 0.1, "ndcg_at_k": 0.1, "diversity": 0.25, "novelty": 0.5})  # fmt: skip
    table = quality_table(make_run([make_arm("a")], rows), rows, floors).set_index(["arm", "metric"])
    assert table.loc[("a", "novelty"), "value"] == 2.5
    assert table.loc[("a", "novelty"), "low"] < 2.5 < table.loc[("a", "novelty"), "high"]
    assert table.loc[("popularity", "diversity"), "value"] == 0.25


def test_quality_has_what_all_lists_share_without_an_interval_and_not_for_random_weights():
    rows = rows_of(user=list("abcd"), recall_at_k=0.5)
    run = make_run([make_arm("a")], rows, data={"simulated": False, "items": 10})
    floors = pd.DataFrame({"floor": ["random"], "label": "Random", "row": 0, "user": "a", "recall_at_k": 0.1})
    table = quality_table(run, rows, floors).set_index(["arm", "metric"])
    assert table.loc[("a", "coverage"), "value"] == 0.3
    assert table.loc[("a", "exposure_gini"), "value"] == pytest.approx(0.74)
    assert table.loc[("a", "exposure_gini"), ["low", "high"]].isna().all()
    assert ("random", "coverage") not in table.index
    unjudged = quality_table(run, rows.assign(recall_at_k=np.nan), floors)
    assert "exposure_gini" not in set(unjudged["metric"])


def test_satisfaction_is_the_share_of_a_users_sessions_and_the_mean_over_users():
    """User a had three sessions, one with a hit; user b one, with a hit; the other requests end none."""
    hits = [1.0, np.nan, 0.0, 0.0, np.nan, 1.0]
    rows = make_rows("a", np.full(6, 5.0), user=list("aaaabb"), satisfaction_proxy=hits, recall_at_k=0.5)
    floors = pd.DataFrame({"floor": "random", "label": "Random", "row": range(6), "user": list("aaaabb"),
                           "recall_at_k": 0.1, "satisfaction_proxy": 0.0})  # fmt: skip
    assert summary_of(rows)["satisfaction_proxy"] == pytest.approx((1 / 3 + 1) / 2)
    run = make_run([make_arm("a")], rows, data={"simulated": False, "items": 10})
    value = quality_table(run, rows, floors).set_index(["arm", "metric"])["value"]
    assert value["a", "satisfaction_proxy"] == pytest.approx((1 / 3 + 1) / 2)
    assert value["random", "satisfaction_proxy"] == 0.0


def test_a_run_stored_before_they_were_measured_leaves_them_out():
    rows = make_rows("a", np.full(4, 5.0), recall_at_k=0.5)
    old_floors = pd.DataFrame({"floor": "random", "label": "Random", "row": [0, 1], "user": ["a", "b"],
                               "recall_at_k": 0.1, "ndcg_at_k": 0.1})  # fmt: skip
    assert summary_of(rows)[["coverage", "diversity", "novelty"]].isna().all()
    table = quality_table(make_run([make_arm("a")], rows), rows, old_floors)
    assert set(table["metric"]) == {"recall", "ndcg"}
