"""Answers a second, and whether the arm keeps up with what is offered."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from bench.analysis.metrics import METRICS, Cell, Column

LAG_SHARE = 0.02
"""A system that has answered less than 98 % of what has come, beyond what is in flight anyway, does not keep up."""
LAG_REQUESTS = 4
"""Requests that may be in the system at a block's last arrival by chance."""
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
    """At the last arrival more requests wait than 2 % of the block and those in flight at an unloaded system."""
    last_ns, n = block["intended_ns"].max(), len(block)
    waiting = int(((block["observed_ns"] > last_ns) | (block["outcome"] != "answered")).sum())
    span_ns = max(last_ns - block["intended_ns"].min(), 1)
    in_batch_queue_ns = block["mark_batch_wait_ns"] - block["mark_prepare_ns"]
    service_ns = (block["observed_ns"] - block["taken_ns"] - in_batch_queue_ns).median()
    in_flight = service_ns * (n - 1) / span_ns  # Little's law, without a queue
    return bool(waiting > LAG_SHARE * n + in_flight + LAG_REQUESTS)
