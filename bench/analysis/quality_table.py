"""quality.csv: what every arm's and floor's lists are worth, over all requests of the run, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.metrics.quality import SEED, per_user
from bench.analysis.stats.users import mean_over_users

METRICS_OF_ARMS = {"recall": "recall_at_k", "ndcg": "ndcg_at_k", "fidelity": "fidelity_at_k", "overlap": "overlap_at_k"}
METRICS_OF_FLOORS = ("recall", "ndcg")
COLUMNS = ["arm", "label", "is_floor", "group", "metric", "k", "value", "low", "high"]


def quality_table(run: dict[str, Any], requests: pd.DataFrame, floors: pd.DataFrame) -> pd.DataFrame:
    """One row an arm or floor and metric. Each request of the trace counts once, at whichever load it was served."""
    k = run["scenario"]["requests"]["k"]
    asked = requests[(requests["request_kind"] == "recommend") & requests["counted"]]
    rows: list[dict[str, object]] = []
    for arm in run["arms"]:
        of_arm = asked[asked["arm"] == arm["name"]]
        for metric, column in METRICS_OF_ARMS.items():
            rows += _row(
                of_arm, column, {"arm": arm["name"], "label": arm["label"], "is_floor": False, "metric": metric, "k": k}
            )
    counted = floors[floors["row"].isin(asked["row"])]
    for (floor, label), of_floor in counted.groupby(["floor", "label"], sort=False):
        for metric in METRICS_OF_FLOORS:
            column = METRICS_OF_ARMS[metric]
            rows += _row(of_floor, column, {"arm": floor, "label": label, "is_floor": True, "metric": metric, "k": k})
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(rows: pd.DataFrame, column: str, identity: dict[str, object]) -> list[dict[str, object]]:
    """[] where nothing was measured."""
    of_users = per_user(rows, column)
    if not len(of_users):
        return []
    interval = mean_over_users(of_users, np.random.default_rng(SEED))
    return [identity | {"group": "all", "value": interval.point, "low": interval.low, "high": interval.high}]
