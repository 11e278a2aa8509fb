"""A run as TensorBoard scalars: one TensorBoard run an arm, metrics over rates and medians over blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.analysis.cell import cells
from bench.analysis.statements import Statements
from bench.analysis.stats.quantile import quantile
from bench.analysis.summary import metric_columns
from bench.errors import ConfigError


class Scalar(NamedTuple):
    """One value. step: the offered rate in requests/s (0 without one), or the number of a block."""

    arm: str
    tag: str
    step: int
    value: float


def scalars_of(statements: Statements) -> Iterator[Scalar]:
    """Every finite metric of the summary as `load/request_kind/metric`, and each block's p50 as `load/blocks/…`."""
    metrics = metric_columns()
    for row in statements.summary.to_dict("records"):
        rate = row["offered_per_s"]
        step = 0 if math.isnan(rate) else round(rate)
        for metric in metrics:
            value = row.get(metric)
            if isinstance(value, int | float) and math.isfinite(value):
                yield Scalar(row["arm"], f"{row['load']}/{row['request_kind']}/{metric}", step, float(value))
    for cell in cells(statements.run, statements.requests):
        if cell.in_latency_load and cell.request_kind == "recommend":
            blocks = cell.rows["block"].to_numpy()
            at = "" if math.isnan(cell.offered_per_s) else f" at {cell.offered_per_s:g} per s"
            for block in sorted(set(blocks.tolist())):
                p50_ms = quantile(cell.response_ms[blocks == block], 0.5)
                if math.isfinite(p50_ms):
                    yield Scalar(cell.arm["name"], f"{cell.load}{at}/blocks/p50_ms", int(block), p50_ms)


def write_tensorboard(statements: Statements, folder: Path) -> int:
    """Write event files into `folder/<arm>`; returns the number of scalars. Raises ConfigError without tensorboard."""
    try:
        from tensorboard.summary import Writer
    except ImportError as error:
        raise ConfigError(
            "export --tensorboard: the library tensorboard is not installed. "
            'Next: pip install "llm-rec-bench[tensorboard]"'
        ) from error
    by_arm: dict[str, list[Scalar]] = {}
    for scalar in scalars_of(statements):
        by_arm.setdefault(scalar.arm, []).append(scalar)
    for arm, scalars in by_arm.items():
        writer = Writer(str(folder / arm))
        for scalar in scalars:
            writer.add_scalar(scalar.tag, scalar.value, scalar.step)
        writer.close()
    return sum(map(len, by_arm.values()))
