"""summary.csv: one row an arm, load point and request kind; its columns are the registered metrics'."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.metrics import METRICS, Column

IDENTITY = (
    "arm",
    "label",
    "role",
    "device",
    "placement",
    "encoder",
    "load",
    "load_kind",
    "arrivals",
    "offered_per_s",
    "request_kind",
)


def metric_columns() -> dict[str, Column]:
    """Every measured column and what it means, in the order of the table."""
    metrics = sorted((METRICS.get(kind) for kind in METRICS.kinds()), key=lambda metric: metric.ORDER)
    return {name: column for metric in metrics for name, column in metric.COLUMNS.items()}


def summarise(run: dict[str, Any], requests: pd.DataFrame) -> pd.DataFrame:
    """The summary of a run."""
    metrics = [METRICS.get(kind) for kind in METRICS.kinds()]
    rows = []
    for cell in cells(run, requests):
        row = _identity(cell)
        for metric in metrics:
            row |= metric.measure(cell)
        rows.append(row)
    return _beyond_throughput(pd.DataFrame(rows, columns=[*IDENTITY, *metric_columns()]))


def _identity(cell: Cell) -> dict[str, object]:
    arm = cell.arm
    known = {name: arm[name] for name in ("label", "role", "device", "placement", "encoder")}
    return {
        "arm": arm["name"],
        **known,
        "load": cell.load,
        "load_kind": cell.load_kind,
        "arrivals": cell.arrivals,
        "offered_per_s": cell.offered_per_s,
        "request_kind": cell.request_kind,
    }


def _beyond_throughput(summary: pd.DataFrame) -> pd.DataFrame:
    """What is offered more than the arm's own offline throughput is saturated, however short its blocks."""
    offline = summary[(summary["load_kind"] == "offline") & (summary["request_kind"] == "recommend")]
    limits = offline.groupby("arm")["achieved_per_s"].max()
    summary["saturated"] |= summary["offered_per_s"] >= summary["arm"].map(limits).fillna(float("inf"))
    return summary
