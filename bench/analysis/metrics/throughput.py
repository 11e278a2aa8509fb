"""Answers a second, and whether the arm keeps up with what is offered."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.backlog import falls_behind

_BACKLOG_COLUMNS = (
    *("process", "block", "outcome", "intended_ns", "taken_ns", "observed_ns"),
    *("mark_prepare_ns", "mark_batch_wait_ns"),
)


@METRICS.register("throughput")
class Throughput:
    """Requests of all kinds, settling ones included: the whole block is one piece of work."""

    ORDER: ClassVar[int] = 10
    COLUMNS: ClassVar[dict[str, Column]] = {
        "achieved_per_s": Column("answers a second, from a block's first arrival to its last answer", "1/s", "higher"),
        "saturated": Column("the backlog grows with the block: latencies are those of an overloaded queue"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The rate over all blocks, and whether most open-loop blocks end with a backlog."""
        values: dict[str, object] = {"saturated": False}
        busy_s = sum(block["busy_s"] for block in cell.blocks)
        if busy_s > 0:
            values["achieved_per_s"] = sum(block["answered"] for block in cell.blocks) / busy_s
        if not np.isnan(cell.offered_per_s):
            blocks = cell.served.frame(*_BACKLOG_COLUMNS).groupby(["process", "block"])
            values["saturated"] = bool(np.median([_falls_behind(block) for _, block in blocks]) >= 1)
        return values


def _falls_behind(block: pd.DataFrame) -> bool:
    """At the last arrival more requests wait than a share of the block and those in flight at an unloaded system."""
    in_batch_queue_ns = block["mark_batch_wait_ns"] - block["mark_prepare_ns"]
    return falls_behind(
        block["intended_ns"].to_numpy(),
        block["observed_ns"].to_numpy(),
        (block["outcome"] == "answered").to_numpy(),
        float((block["observed_ns"] - block["taken_ns"] - in_batch_queue_ns).median()),
    )
