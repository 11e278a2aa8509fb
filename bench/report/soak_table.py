"""What a soak saw: one row an arm and quantity, and a sentence of what it comes to."""

from __future__ import annotations

from typing import Any

from bench.analysis.soak import S_PER_H, Growth
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
    "1 % shared by the arms), in its slope or from the first fifth of these blocks to the last, of at least 1 % and "
    "2 MB of memory, one file or thread, a tenth of the response time, one unanswered request in a hundred. Steady: "
    "even the highest slope of the interval stays below that. Not told: neither, so soak longer. Not read: nothing "
    "reads it here, or the blocks hold too few requests for a percentile. An unanswered request's time is infinite."
)
MIN_PER_H = 60.0
TONES = {Growth.GROWS: "bad", Growth.STEADY: "", Growth.UNTOLD: "quiet", Growth.UNREAD: "quiet"}


def soak_table(statements: Statements) -> Table | None:
    """None where the run was no soak."""
    if not len(statements.soak):
        return None
    colours = {arm.name: arm.style.colour for arm in arms_of(statements)}
    rows = tuple(Row(row["label"], _cells(row), colour=colours[row["arm"]]) for row in records(statements.soak))
    return Table(soak_sentence(statements), "Arm", COLUMNS, rows, (NOTE, *_served(statements)))


def soak_sentence(statements: Statements) -> str:
    """How long the arms served, each for itself, and the verdict."""
    hours = statements.soak["served_h"]
    shortest, longest = _length(hours.min()), _length(hours.max())
    span = longest if shortest == longest else f"{shortest} to {longest}"
    growing, untold = (_named(statements, "label", growth) for growth in (Growth.GROWS, Growth.UNTOLD))
    unread = _named(statements, "quantity", Growth.UNREAD)
    said = f"{growing} grew" if growing else "nothing grew"
    unsaid = f"; too little to tell all of {untold}" if untold else ""
    missing = f"; not read in every arm: {unread.lower()}" if unread else ""
    return f"Soak of {span} an arm: {said}{unsaid}{missing}"


def _served(statements: Statements) -> tuple[str, ...]:
    """A sentence on how long each arm served, where not all are written alike."""
    length_of = {row["arm"]: (row["label"], _length(row["served_h"])) for row in records(statements.soak)}
    if len({length for _, length in length_of.values()}) == 1:
        return ()
    return (f"Served: {', '.join(f'{label} {length}' for label, length in length_of.values())}.",)


def _length(hours: float) -> str:
    """`4.98 s`, `240 min`."""
    minutes = hours * MIN_PER_H
    return f"{quantity(minutes)} min" if minutes >= 1 else f"{quantity(hours * S_PER_H)} s"


def _named(statements: Statements, column: str, growth: Growth) -> str:
    """What stands in that column of the rows with that verdict, each once."""
    return ", ".join(sorted({row[column] for row in records(statements.soak) if row["growth"] == growth}))


def _cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    unit = f" ({row['unit']})" if row["unit"] else ""
    growth = Growth(row["growth"])
    slope = Cell(quantity(row["per_hour"]), interval(row["per_hour_low"], row["per_hour_high"]))
    written = quantity if row["unit"] else count
    sizes = [Cell(written(row[key])) for key in ("first", "last", "largest")]
    return (Cell(f"{row['quantity']}{unit}"), *sizes, slope, Cell(growth.value, tone=TONES[growth]))
