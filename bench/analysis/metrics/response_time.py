"""Response time, counted from the intended time: exact percentiles with intervals, where n carries them."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.block_medians import stated_percentile
from bench.analysis.stats.hierarchy import flat_blocks
from bench.analysis.stats.samples import TooFewSamples

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


def _columns() -> dict[str, Column]:
    columns = {}
    for name, p in PERCENTILES.items():
        columns[f"{name}_ms"] = Column(f"{100 * p:g} % of requests were answered within", "ms", "lower")
        columns[f"{name}_low_ms"] = Column(f"lower bound of {name}, 95 %", "ms")
        columns[f"{name}_high_ms"] = Column(
            f"upper bound of {name}, 95 %; inf = not bounded by this many requests", "ms"
        )
    columns["mean_ms"] = Column("mean of the answered requests", "ms", "lower")
    columns["max_ms"] = Column("slowest answered request", "ms", "lower")
    return columns


@METRICS.register("response_time")
class ResponseTime:
    """Not measured offline, where a response time only says how long the pile was."""

    ORDER: ClassVar[int] = 30
    COLUMNS: ClassVar[dict[str, Column]] = _columns()

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Percentiles whose n carries an interval; the width uses the effective sample size."""
        if not cell.in_latency_load or not len(cell.rows):
            return {}
        values: dict[str, object] = {}
        blocks = flat_blocks(cell.nested(cell.response_ms))
        for name, p in PERCENTILES.items():
            try:
                interval = stated_percentile(blocks, p)
            except TooFewSamples:
                break  # a higher percentile needs more
            values[f"{name}_ms"] = interval.point
            values[f"{name}_low_ms"] = interval.low if math.isfinite(interval.low) else np.nan
            values[f"{name}_high_ms"] = interval.high
        answered = cell.response_ms[cell.answered]
        if len(answered):
            values |= {"mean_ms": float(answered.mean()), "max_ms": float(answered.max())}
        return values
