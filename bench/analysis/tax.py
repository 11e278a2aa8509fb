"""The LLM tax: what each arm costs and buys against the baseline, on the same requests, with intervals.

Δp50 is the mean over blocks of the difference of medians (t interval); Δp99 the difference of the two p99s over the
same blocks, not the p99 of differences (hierarchical bootstrap); Δrecall the mean over users (paired bootstrap).
Beside both stand the bounds over restarts, where there are several: those hold where processes differ, and with two
processes the others do not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.metrics.quality import SEED, per_user
from bench.analysis.ratios import RATIO_COLUMNS, common_blocks, ratio_values
from bench.analysis.roles import holder
from bench.analysis.selection import Selection
from bench.analysis.stats.paired import MedianDifference, median_difference
from bench.analysis.stats.samples import Interval, TooFewSamples, UndefinedDifference
from bench.analysis.stats.tails import TailDifference, tail_difference
from bench.analysis.stats.users import paired_mean_difference

Key: TypeAlias = tuple[str, str, float | None]
"""Arm, load, and its rate where it has one."""
Stated = TypeVar("Stated", MedianDifference, TailDifference)

COLUMNS = [
    "arm",
    "label",
    "load",
    "load_kind",
    "offered_per_s",
    *[
        f"delta_{percentile}{bound}_ms"
        for percentile in ("p50", "p99")
        for bound in ("", "_low", "_high", "_restarts_low", "_restarts_high")
    ],
    *RATIO_COLUMNS,
    "delta_cpu_s_per_1k",
    *[f"delta_recall{bound}" for bound in ("", "_low", "_high")],
    "recovered_share",
    "fidelity_at_k",
    "resolvable",
    "saturated",
]


def tax_table(run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """One row an arm and load point with latencies, the baseline's own left out; empty without a baseline."""
    asked = [cell for cell in cells(run, requests) if cell.request_kind == "recommend"]
    by_key = {_key(cell): cell for cell in asked if cell.in_latency_load}
    baseline = _name(run, "baseline")
    stated = {(row["arm"], row["load"], rate_key(row["offered_per_s"])): row for row in _recommending(summary)}
    recall = _recall_differences(run, requests, baseline)

    def row_of(key: Key) -> dict[str, object]:
        arm, load, rate = key
        cell, base = by_key[key], by_key[baseline, load, rate]
        own, other = stated[key], stated[baseline, load, rate]
        row = _identity(cell) | recall.get(arm, {}) | {"fidelity_at_k": own["fidelity_at_k"]}
        row["saturated"] = bool(own["saturated"] or other["saturated"])
        row["resolvable"] = False
        if not row["saturated"]:
            row |= _latency_differences(base, cell)
            row["delta_cpu_s_per_1k"] = own["cpu_s_per_1k"] - other["cpu_s_per_1k"]
        return row

    paired = [key for key in by_key if key[0] != baseline and (baseline, *key[1:]) in by_key]
    with ThreadPoolExecutor(os.cpu_count()) as crew:  # resampling leaves the interpreter to others most of the time
        table = pd.DataFrame(list(crew.map(row_of, paired)), columns=COLUMNS)
    table["recovered_share"] = _recovered(table, run, _name(run, "reference"))
    return table


def _name(run: dict[str, Any], role: str) -> str:
    """The arm that holds a role, "" where none does."""
    arm = holder(run, role)
    return arm["name"] if arm else ""


def rate_key(offered_per_s: float) -> float | None:
    """The rate, None for nan: nan does not equal itself and is no key."""
    return None if np.isnan(offered_per_s) else offered_per_s


def _key(cell: Cell) -> Key:
    return cell.arm["name"], cell.load, rate_key(cell.offered_per_s)


def _recommending(summary: pd.DataFrame) -> list[dict[Any, Any]]:
    return [dict(row) for row in summary[summary["request_kind"] == "recommend"].to_dict("records")]


def _identity(cell: Cell) -> dict[str, Any]:
    return {
        "arm": cell.arm["name"],
        "label": cell.arm["label"],
        "load": cell.load,
        "load_kind": cell.load_kind,
        "offered_per_s": cell.offered_per_s,
    }


def _latency_differences(base: Cell, head: Cell) -> dict[str, object]:
    base, head = common_blocks(base, head)
    if not len(base.rows):
        return {}
    nested = base.nested(base.response_ms), head.nested(head.response_ms)
    values: dict[str, object] = {}
    median = _try(lambda: median_difference(*nested))
    if median is not None:
        values |= _named("p50", median.difference, median.difference_over_processes)
        bounds = (median.difference, median.difference_over_processes)
        values["resolvable"] = not any(bound is not None and bound.contains(0.0) for bound in bounds)
    tail = _try(lambda: tail_difference(*nested, 0.99, np.random.default_rng(SEED)))
    if tail is not None:
        values |= _named("p99", tail.difference, tail.difference_over_processes)
    return values | ratio_values(*nested)


def _try(difference: Callable[[], Stated]) -> Stated | None:
    """None where the sample cannot carry the statement: the cell stays empty."""
    try:
        return difference()
    except (TooFewSamples, UndefinedDifference):
        return None


def _named(percentile: str, interval: Interval, over_restarts: Interval | None) -> dict[str, object]:
    name = f"delta_{percentile}"
    values: dict[str, object] = {
        f"{name}_ms": interval.point,
        f"{name}_low_ms": interval.low,
        f"{name}_high_ms": interval.high,
    }
    if over_restarts is not None:
        values |= {f"{name}_restarts_low_ms": over_restarts.low, f"{name}_restarts_high_ms": over_restarts.high}
    return values


def _recall_differences(run: dict[str, Any], requests: pd.DataFrame, baseline: str) -> dict[str, dict[str, object]]:
    """Δrecall of each arm over the counted requests that it shares with the baseline, paired by user."""
    counted = (requests["request_kind"] == "recommend") & requests["counted"]
    of_base = Selection.where(requests, counted & (requests["arm"] == baseline))
    differences: dict[str, dict[str, object]] = {}
    for arm in run["arms"]:
        if arm["name"] == baseline:
            continue
        of_head = Selection.where(requests, counted & (requests["arm"] == arm["name"]))
        head = per_user(of_head.only(np.isin(of_head["row"], of_base["row"])), "recall_at_k")
        base = per_user(of_base.only(np.isin(of_base["row"], of_head["row"])), "recall_at_k")
        common = base.index.intersection(head.index)
        if not len(common):
            continue
        interval = paired_mean_difference(base[common], head[common], np.random.default_rng(SEED))
        differences[arm["name"]] = {
            "delta_recall": interval.point,
            "delta_recall_low": interval.low,
            "delta_recall_high": interval.high,
        }
    return differences


def _recovered(table: pd.DataFrame, run: dict[str, Any], reference: str) -> pd.Series:
    """Share of the reference's Δp50 that an arm wins back at the same load point: 1 = the whole tax.

    Empty where the reference's Δp50 is not told from nothing: of no tax no share can be won back. Empty too for another
    model than the reference's: leaving the model out wins nothing back of what it costs.
    """
    model_of = {arm["name"]: (arm.get("info") or {}).get("revision") for arm in run["arms"]}
    same_model = table["arm"].map(model_of) == model_of.get(reference)
    same_model |= table["arm"].map(model_of).isna()  # a run without this reading
    of_reference = {
        (row["load"], rate_key(row["offered_per_s"])): row["delta_p50_ms"]
        for row in table[(table["arm"] == reference) & (table["delta_p50_low_ms"] > 0)].to_dict("records")
    }
    places = zip(table["load"], table["offered_per_s"], strict=True)
    whole = [of_reference.get((load, rate_key(rate)), np.nan) for load, rate in places]
    share = 1 - table["delta_p50_ms"].astype(float) / pd.Series(whole, index=table.index, dtype=float)
    return share.where((table["arm"] != reference) & same_model)
