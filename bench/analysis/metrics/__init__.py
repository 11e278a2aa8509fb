"""The columns of summary.csv: one file a group of columns that are measured together.

A metric is a class with `COLUMNS`, name → Column, and `measure(cell) -> {name: value}`; what it leaves out is empty in
the table: never 0 for what was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from bench.analysis.cell import Cell
from recsys.registry import Registry


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of the summary says. unit: "" for shares and counts; better: which direction is good."""

    meaning: str
    unit: str = ""
    better: Literal["lower", "higher", ""] = ""


class Metric(Protocol):
    """Measures some columns of one cell."""

    COLUMNS: ClassVar[dict[str, Column]]
    ORDER: ClassVar[int]

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Values by column."""


METRICS: Registry[type[Metric]] = Registry("bench.analysis.metrics", "metric")

__all__ = ["METRICS", "Cell", "Column", "Metric"]
