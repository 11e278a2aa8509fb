"""The quality.csv of an evaluation for people: what was found, what the lists are made of, and how logs were ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bench.report import cells
from bench.report.tables import Cell, Column, Row, Table

OF_LISTS = ("satisfaction_proxy", "diversity", "novelty", "coverage", "exposure_gini")
"""What is said of the lists beside what they found."""
MOST_COLUMNS = 4


def evaluation_tables(quality: pd.DataFrame) -> list[Table]:
    """One row an arm or floor, one column a metric; tables of which nothing was measured are left out."""
    everybody = quality["group"] == "all"
    of_lists = quality["metric"].isin(OF_LISTS)
    parts = (
        (everybody & ~of_lists, "Quality over all eligible users", "95 % intervals over users."),
        (
            everybody & of_lists,
            "What the lists are made of",
            "satisfaction_proxy: share of the users' next sessions with a hit; nobody was asked. novelty: in bits.",
        ),
        (
            quality["group"] == "impressions",
            "Logged candidates, ranked",
            "The candidates of each impression alone, as they were logged: not to be compared with the tables above.",
        ),
    )
    return [table for chosen, caption, note in parts for table in _tables(quality[chosen], caption, note)]


def _tables(scores: pd.DataFrame, caption: str, note: str) -> Iterator[Table]:
    """Of MOST_COLUMNS at most, so that a narrow terminal has room for the names; the note stands under the last."""
    scores = scores.assign(head=[_head(metric, k) for metric, k in zip(scores["metric"], scores["k"], strict=True)])
    heads = list(dict.fromkeys(scores["head"]))
    for first in range(0, len(heads), MOST_COLUMNS):
        some = heads[first : first + MOST_COLUMNS]
        rows = [
            Row(of_one["label"].iloc[0], _cells(of_one, some), "floor" if of_one["is_floor"].iloc[0] else "")
            for _, of_one in scores.groupby("arm", sort=False)
        ]
        notes = (note,) if some[-1] == heads[-1] else ()
        yield Table(caption, "Arm or floor", tuple(Column(head, head) for head in some), tuple(rows), notes)


def _head(metric: str, k: Any) -> str:
    return metric if pd.isna(k) else f"{metric}@{k}"


def _cells(of_one: pd.DataFrame, heads: list[str]) -> tuple[Cell, ...]:
    measured = {row["head"]: row for row in of_one.to_dict("records")}
    return tuple(
        _cell(measured[head]) if head in measured else Cell(note="not measured", tone="quiet") for head in heads
    )


def _cell(row: Mapping[Any, Any]) -> Cell:
    return cells.value_cell({"value": row["value"], "value_low": row["low"], "value_high": row["high"]}, "value")
