"""quality.csv: what every arm's and floor's lists are worth, over all requests of the run, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.analysis.exposure import exposure
from bench.analysis.metrics.quality import SEED, per_user
from bench.analysis.selection import Selection
from bench.analysis.stats.users import mean_over_users

VARIETY = ("diversity", "novelty")
METRICS_OF_ARMS = {
    "recall": "recall_at_k",
    "ndcg": "ndcg_at_k",
    "candidate_recall": "candidate_recall",
    "fidelity": "fidelity_at_k",
    "overlap": "overlap_at_k",
    "satisfaction_proxy": "satisfaction_proxy",
    "diversity": "diversity",
    "novelty": "novelty",
}
METRICS_OF_FLOORS = {metric: METRICS_OF_ARMS[metric] for metric in ("recall", "ndcg", "satisfaction_proxy", *VARIETY)}
METRICS_OF_COLD_ITEMS = {"recall": "cold_item_recall_at_k", "ndcg": "cold_item_ndcg_at_k"}
COLUMNS = ["arm", "label", "is_floor", "group", "metric", "k", "value", "low", "high"]


def quality_table(run: dict[str, Any], requests: pd.DataFrame, floors: pd.DataFrame) -> pd.DataFrame:
    """One row an arm or floor, group and metric. Each request of the trace counts once, at whichever load.

    Groups: all; cold_user, the requests of users with little history; cold_item, where only items that nobody met
    before t0 are looked for. A run that was stored before a group was told apart does not have it. Coverage and
    exposure Gini are of all lists of an arm together and so have no interval; floors keep no lists, and have neither.
    """
    k = run["scenario"]["requests"]["k"]
    counted = (requests["request_kind"] == "recommend") & requests["counted"]
    cold: npt.ArrayLike = requests["row"][requests["cold_user"]].unique() if "cold_user" in requests else []
    rows: list[dict[str, object]] = []
    for arm in run["arms"]:
        of_arm = Selection.where(requests, counted & (requests["arm"] == arm["name"]))
        identity = {"arm": arm["name"], "label": arm["label"], "is_floor": False, "k": k}
        rows += _rows(of_arm, cold, METRICS_OF_ARMS, identity) + _exposure_rows(of_arm, run, identity)
    judged = np.isin(floors["row"], requests["row"][counted])
    for floor, label in floors[["floor", "label"]].drop_duplicates().itertuples(index=False):
        of_floor = Selection.where(floors, judged & (floors["floor"] == floor))
        rows += _rows(of_floor, cold, METRICS_OF_FLOORS, {"arm": floor, "label": label, "is_floor": True, "k": k})
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(
    rows: Selection, cold: npt.ArrayLike, metrics: Mapping[str, str], identity: Mapping[str, object]
) -> list[dict[str, object]]:
    """One row a group and metric, [] where nothing was measured. cold: rows of the trace whose user is cold."""
    groups = {
        "all": (rows, metrics),
        "cold_user": (rows.only(np.isin(rows["row"], cold)), metrics),
        "cold_item": (rows, METRICS_OF_COLD_ITEMS),
    }
    made: list[dict[str, object]] = []
    for group, (selected, columns) in groups.items():
        for metric, column in columns.items():
            of_users = per_user(selected, column)
            if len(of_users):
                interval = mean_over_users(of_users, np.random.default_rng(SEED))
                value = {"value": interval.point, "low": interval.low, "high": interval.high}
                made.append({**identity, "group": group, "metric": metric, **value})
    return made


def _exposure_rows(rows: Selection, run: dict[str, Any], identity: Mapping[str, object]) -> list[dict[str, object]]:
    """One row a metric, [] where the lists mean nothing and so were not judged, or were not kept."""
    if "recommended" not in rows or not rows["recall_at_k"].notna().any():
        return []
    measured = exposure(rows["recommended"], int(run["data"]["items"]))
    return [{**identity, "group": "all", "metric": metric, "value": value} for metric, value in measured.items()]
