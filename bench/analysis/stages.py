"""stages.csv: where the time goes, around the median, around p99 and in the mean.

Medians of stages do not add up to the median of totals; means over the same requests do. So the stages around p50 are
the means of the requests whose response time lies between the quantiles 0.45 and 0.55, those around p99 of the slowest
2 % without the slowest 0.1 %: each adds up to the mean response time of those requests exactly.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.analysis.cell import NS_PER_MS, Cell, cells
from bench.analysis.selection import Selection
from bench.analysis.stats.quantile import minimum_n
from recsys.serving.protocols import STAGES

WINDOWS = {"p50": (0.45, 0.55, 0.5), "p99": (0.98, 0.999, 0.99)}
"""Name → lower and upper quantile of the response time, and the percentile whose sample size is needed."""


def stage_lengths_ns(rows: Selection) -> pd.DataFrame:
    """Length of the queue and of every stage, int64 ns, one row a request; they add up to observed − intended.

    A stage that the run's version did not know is left out.
    """
    marks = {stage: f"mark_{stage}_ns" for stage in STAGES if f"mark_{stage}_ns" in rows}
    ends = [rows[column] for column in ("intended_ns", "taken_ns", *marks.values())]
    parts = zip(("queue", *marks), pairwise(ends), strict=True)
    return pd.DataFrame({part: end - start for part, (start, end) in parts})


def stage_table(run: dict[str, Any], requests: pd.DataFrame) -> pd.DataFrame:
    """Mean ms a stage of the requests around each percentile, for cells whose response times are latencies."""
    rows: list[dict[str, object]] = []
    for cell in cells(run, requests):
        if cell.in_latency_load and cell.answered.any():
            rows += _of_cell(cell)
    return pd.DataFrame(rows, columns=["arm", "load", "offered_per_s", "request_kind", "around", "stage", "ms"])


def _of_cell(cell: Cell) -> list[dict[str, object]]:
    lengths_ms = stage_lengths_ns(cell.rows.only(cell.answered)) / NS_PER_MS
    response_ms = cell.response_ms[cell.answered]
    groups = {"mean": np.ones(len(response_ms), bool)}
    for around, (low, high, p) in WINDOWS.items():
        if len(response_ms) >= minimum_n(p):
            groups[around] = _between(response_ms, low, high)
    identity = {
        "arm": cell.arm["name"],
        "load": cell.load,
        "offered_per_s": cell.offered_per_s,
        "request_kind": cell.request_kind,
    }
    means_ms = {around: lengths_ms.to_numpy()[chosen].mean(axis=0) for around, chosen in groups.items()}
    return [
        {**identity, "around": around, "stage": stage, "ms": float(mean_ms)}
        for around, of_stages_ms in means_ms.items()
        for stage, mean_ms in zip(lengths_ms.columns, of_stages_ms, strict=True)
    ]


def _between(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.bool_]:
    bounds = np.quantile(values, [low, high], method="inverted_cdf")
    chosen: npt.NDArray[np.bool_] = (values >= bounds[0]) & (values <= bounds[1])
    return chosen
