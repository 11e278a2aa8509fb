"""The open-loop load point at which all arms are compared; answer and report take it from here."""

from __future__ import annotations

import pandas as pd

KEYS = ["load", "offered_per_s"]


def shared_rate(summary: pd.DataFrame) -> tuple[str, float] | None:
    """Load and rate: the highest that every arm sustains, of those that owe every arm a p99 where there are any.

    None where no rate is sustained by all arms of the summary.
    """
    rows = summary[summary["offered_per_s"].notna() & (summary["request_kind"] == "recommend")]
    arms = rows["arm"].nunique()
    points = rows.groupby(KEYS, sort=False).agg(
        arms=("arm", "nunique"), saturated=("saturated", "any"), owed=("p99_ms", lambda p99_ms: p99_ms.notna().all())
    )
    sustained = points[(points["arms"] == arms) & ~points["saturated"].astype(bool)]
    if not len(sustained):
        return None
    owing = sustained[sustained["owed"]]
    chosen = owing if len(owing) else sustained
    load, rate = max(chosen.index, key=lambda key: key[1])
    return str(load), float(rate)
