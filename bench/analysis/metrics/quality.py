"""What the lists are worth, on the requests of this cell."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.selection import Selection
from bench.analysis.stats.users import mean_over_users

SEED = 11
MEANS = ("recall_at_k", "ndcg_at_k", "candidate_recall", "fidelity_at_k", "overlap_at_k", "satisfaction_proxy")
"""Columns that are means over users."""


@METRICS.register("quality")
class Quality:
    """Means over users, each user being the mean of their requests; k is the scenario's."""

    ORDER: ClassVar[int] = 50
    COLUMNS: ClassVar[dict[str, Column]] = {
        "recall_at_k": Column("share of the user's later items in the list", better="higher"),
        "recall_at_k_low": Column("lower bound of recall, 95 %"),
        "recall_at_k_high": Column("upper bound of recall, 95 %"),
        "ndcg_at_k": Column("binary nDCG of the list", better="higher"),
        "candidate_recall": Column("share of the user's later items among what the re-ranker was handed"),
        "fidelity_at_k": Column(
            "agreement with the exact fp32 reference of the same model and placement", better="higher"
        ),
        "overlap_at_k": Column("agreement with the baseline's list"),
        "satisfaction_proxy": Column("share of sessions with a hit: in one of their lists stood an item met in them"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Means over users; columns without a value stay empty."""
        values: dict[str, object] = {}
        for column in MEANS:
            of_users = per_user(cell.rows, column)
            if len(of_users):
                values[column] = float(of_users.mean())
        if "recall_at_k" in values:
            interval = mean_over_users(per_user(cell.rows, "recall_at_k"), np.random.default_rng(SEED))
            values |= {"recall_at_k_low": interval.low, "recall_at_k_high": interval.high}
        return values


def per_user(rows: Selection, column: str) -> pd.Series:
    """Mean of a column over each user's requests, by user hash; users without a value are left out.

    Empty where the run has no such column: one that was stored before it was measured.
    """
    if column not in rows:
        return pd.Series(dtype=float)
    values = rows[column].to_numpy(float, na_value=np.nan)
    users = rows["user"].astype("category").cat
    told = ~np.isnan(values)
    codes = users.codes.to_numpy()[told]
    counts, sums = np.bincount(codes), np.bincount(codes, values[told])
    those = np.flatnonzero(counts)
    return pd.Series(sums[those] / counts[those], index=users.categories[those].astype(str))
