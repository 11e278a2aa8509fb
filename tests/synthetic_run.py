"""A run with planted answers: every latency, outcome and block reading is given, so every statement is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.serving.protocols import STAGES

NS_PER_MS = 1_000_000
BLOCKS = 4
STAGE = "encode"
"""All of the service time is in this stage."""


def make_arm(name: str, role: str = "", **changes: Any) -> dict[str, Any]:
    """An arm's entry in run.json."""
    arm = {"name": name, "label": name.upper(), "role": role, "status": "measured", "reason": "", "details": ""}
    return arm | {"device": "cpu", "placement": "profile", "encoder": "fake", "load_s": [1.5]} | changes


def make_rows(arm: str, response_ms: npt.NDArray[np.float64], **changes: Any) -> pd.DataFrame:
    """Rows of requests.parquet, cut into BLOCKS blocks. Requests come 100 ms apart and do not queue.

    changes: a column's value or array, or `gap_ms` and `queue_ms`.
    """
    n = len(response_ms)
    gap_ms, queue_ms = changes.pop("gap_ms", 100.0), changes.pop("queue_ms", 0.0)
    block = np.arange(n) * BLOCKS // n
    within = np.arange(n) - np.searchsorted(block, block)
    intended_ns = np.rint(within * gap_ms * NS_PER_MS).astype(np.int64)
    observed_ns = intended_ns + np.rint(np.asarray(response_ms) * NS_PER_MS).astype(np.int64)
    taken_ns = intended_ns + np.rint(np.zeros(n) + queue_ms * NS_PER_MS).astype(np.int64)
    marks = {
        f"mark_{stage}_ns": observed_ns if STAGES.index(stage) >= STAGES.index(STAGE) else taken_ns for stage in STAGES
    }
    columns: dict[str, Any] = {
        "arm": arm, "load": "single_stream", "load_kind": "single_stream", "arrivals": "", "offered_per_s": np.nan,
        "block": block, "process": 0, "row": np.arange(n), "request_kind": "recommend",
        "user": [f"user{place % 20:02}" for place in range(n)], "intended_ns": intended_ns, "taken_ns": taken_ns,
        "observed_ns": observed_ns, **marks, "tokens": 4, "padded_tokens": 4, "cache_hit": None, "outcome": "answered",
        "counted": True, "recall_at_k": np.nan, "ndcg_at_k": np.nan, "fidelity_at_k": np.nan, "overlap_at_k": np.nan,
    }  # fmt: skip
    return pd.DataFrame(columns | changes)


def make_run(
    arms: Sequence[Mapping[str, Any]], requests: pd.DataFrame, blocks: Mapping[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """The run.json that goes with these rows. blocks: values to plant in every block's entry."""
    keys = ["arm", "load", "offered_per_s", "process", "block"]
    entries = []
    for (arm, load, offered_per_s, process, block), rows in requests.groupby(keys, dropna=False, sort=False):
        span_ns = rows["observed_ns"].max() - rows["intended_ns"].min()
        entries.append(
            {
                "arm": arm, "load": load, "offered_per_s": None if np.isnan(offered_per_s) else offered_per_s,
                "block": block, "process": process, "requests": len(rows),
                "answered": int((rows["outcome"] == "answered").sum()),
                "busy_s": span_ns / 1e9, "wall_s": span_ns / 1e9,
                "cpu_s": 0.5, "spin_s": 0.1, "steal_s": 0.0, "others_s": 0.0, "peak_rss_bytes": 200_000_000,
                "was_quiet": True, "collections": 0,
            } | dict(blocks or {})
        )  # fmt: skip
    return {
        "status": "complete",
        "arms": list(arms),
        "blocks": entries,
        "scenario": {
            "requests": {"k": 10}, "slo": {"p99_ms": 100.0}, "quality": {"fidelity_gate": 0.95},
            "blocks": {"processes": 2},
        },
        "environment": {"load_average": {"cores": 2}},
        "data": {"simulated": False},
    } | changes  # fmt: skip
