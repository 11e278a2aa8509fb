"""What a soak saw: one row an arm and quantity, and a sentence of what it comes to."""

from __future__ import annotations

from typing import Any

from bench.analysis.soak import Growth
from bench.analysis.statements import Statements
from bench.quantities import count, interval, quantity
from bench.report.subjects import arms_of, records
from bench.report.tables import Cell, Column, Row, Table

COLUMNS = (
    Column("quantity", "Quantity", numeric=False),
    Column("first", "First"),
    Column("last", "Last"),
    Column("largest", "Largest"),
    Column("per_hour", "An hour"),
    Column("growth", "Verdict", numeric=False),
)
NOTE = (
    "First and last: of the blocks after the first fifth, in which allocators and caches fill. An hour: the Theil–Sen "
    "slope over an hour of the arm's own serving, with Sen's 95 % interval. Grows: a rise beyond chance (Mann–Kendall, "
    "1 % shared by the arms) of at least 1 % and 2 MB of memory, one file or thread, a tenth of the response time. "
    "Steady: even the highest slope of the interval stays below that. Not told: neither, so soak longer."
)
S_PER_MIN = 60.0
TONES = {Growth.GROWS: "bad", Growth.STEADY: "", Growth.UNTOLD: "quiet"}


def soak_table(statements: Statements) -> Table | None:
    """None where the run was no soak."""
    if not len(statements.soak):
        return None
    colours = {arm.name: arm.style.colour for arm in arms_of(statements)}
    rows = tuple(Row(row["label"], _cells(row), colour=colours[row["arm"]]) for row in records(statements.soak))
    return Table(soak_sentence(statements), "Arm", COLUMNS, rows, (NOTE,))


def soak_sentence(statements: Statements) -> str:
    """The verdict in a sentence."""
    soak_s = float(statements.run["scenario"]["soak_s"])
    length = f"{quantity(soak_s / S_PER_MIN)} min" if soak_s >= S_PER_MIN else f"{quantity(soak_s)} s"
    growing = sorted({row["label"] for row in records(statements.soak) if row["growth"] == Growth.GROWS})
    untold = sorted({row["label"] for row in records(statements.soak) if row["growth"] == Growth.UNTOLD})
    said = f"{', '.join(growing)} grew" if growing else "nothing grew"
    unsaid = f"; too little to tell all of {', '.join(untold)}" if untold else ""
    return f"Soak of {length}: {said}{unsaid}"


def _cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    unit = f" ({row['unit']})" if row["unit"] else ""
    growth = Growth(row["growth"])
    slope = Cell(quantity(row["per_hour"]), interval(row["per_hour_low"], row["per_hour_high"]))
    written = quantity if row["unit"] else count
    sizes = [Cell(written(row[key])) for key in ("first", "last", "largest")]
    return (Cell(f"{row['quantity']}{unit}"), *sizes, slope, Cell(growth.value, tone=TONES[growth]))
