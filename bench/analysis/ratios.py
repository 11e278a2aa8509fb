"""How many times as long one cell's requests took as another's, in the columns of tax.csv and of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from bench.analysis.cell import Cell
from bench.analysis.metrics.quality import SEED
from bench.analysis.stats.hierarchy import Nested
from bench.analysis.stats.ratios import Ratio, median_ratio, tail_ratio
from bench.analysis.stats.samples import TooFewSamples, UndefinedDifference

PERCENTILES = ("p50", "p99")
RATIO_COLUMNS = [
    f"ratio_{percentile}{ending}"
    for percentile in PERCENTILES
    for ending in ("", "_low", "_high", "_restarts_low", "_restarts_high", "_verdict")
]


def ratio_values(base: Nested, head: Nested) -> dict[str, object]:
    """The columns of RATIO_COLUMNS that these response times (any unit) carry; the others are left out.

    base, head: values[process][block], the same blocks in both.
    """
    values: dict[str, object] = {}
    for percentile, ratio in (
        ("p50", lambda: median_ratio(base, head)),
        ("p99", lambda: tail_ratio(base, head, 0.99, np.random.default_rng(SEED))),
    ):
        values |= _named(percentile, ratio)
    return values


def common_blocks(base: Cell, head: Cell) -> tuple[Cell, Cell]:
    """Both cells, cut to the blocks that both served: one may have left its run before the end."""
    places = [pd.MultiIndex.from_frame(cell.rows.frame("process", "block")) for cell in (base, head)]
    common = places[0].unique().intersection(places[1].unique())
    cut = [cell.rows.only(mine.isin(common)) for cell, mine in zip((base, head), places, strict=True)]
    return replace(base, rows=cut[0]), replace(head, rows=cut[1])


def _named(percentile: str, measure: Callable[[], Ratio]) -> dict[str, object]:
    """One percentile's columns; none where the sample cannot carry the statement."""
    try:
        ratio = measure()
    except (TooFewSamples, UndefinedDifference):
        return {}
    name, between = f"ratio_{percentile}", ratio.interval
    values: dict[str, object] = {name: between.point, f"{name}_low": between.low, f"{name}_high": between.high}
    if ratio.over_processes is not None:
        values |= {
            f"{name}_restarts_low": ratio.over_processes.low,
            f"{name}_restarts_high": ratio.over_processes.high,
        }
    return values | {f"{name}_verdict": ratio.change.value}
