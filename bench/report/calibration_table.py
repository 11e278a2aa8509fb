"""What a calibration found: the floor under every measurement, and known answers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.analysis.floor import LATENESS, Floor
from bench.analysis.known_answers import KnownAnswer
from bench.quantities import interval, quantity
from bench.report.tables import Cell, Column, Row, Table

_TITLES = {"p50": "p50", "p99": "p99", "p999": "p99.9"}


def floor_table(ours: Floor, theirs: Floor | None) -> Table:
    """One row a point of the null system: here, by LoadGen where it ran too, and the ratio of the two."""
    columns = (Column("ours", "Here", "µs"), Column("theirs", "LoadGen", "µs"), Column("ratio", "Ratio"))
    rows = [_row("one after another, a request", ours.costs_us, theirs.costs_us if theirs else None)]
    for rate, lateness in ours.lateness.items():
        for name in LATENESS:
            title = f"late at {rate:,g}/s, {_TITLES[name]}"
            if not lateness.owes(name):
                rows.append(Row(title, (Cell(), Cell(), Cell())))
                continue
            beside = theirs.lateness[rate].values_us(name) if theirs else None
            rows.append(_row(title, lateness.values_us(name), beside))
    notes = (
        "Medians over the rounds, with the lowest and highest round.",
        "–: LoadGen did not run, or a round has too few requests for that percentile (p99 368, p99.9 3,688).",
    )
    table = Table("A system that does nothing", "", columns, tuple(rows), notes)
    return table if theirs else table.only(("ours",))


def known_answers_table(answers: Sequence[KnownAnswer]) -> Table:
    """One row an answer: what was measured, within which bounds, and what is known."""
    columns = (
        Column("measured", "Measured"),
        Column("expected", "Known"),
        Column("ok", "Inside", numeric=False),
    )
    rows = tuple(
        Row(
            answer.name,
            (
                Cell(quantity(answer.measured), interval(answer.low, answer.high)),
                Cell(quantity(answer.expected)),
                Cell("yes" if answer.ok else "no", tone="" if answer.ok else "bad"),
            ),
        )
        for answer in answers
    )
    return Table("Known answers", "", columns, rows)


def _row(title: str, ours_us: Sequence[float], theirs_us: Sequence[float] | None) -> Row:
    if theirs_us is None:
        return Row(title, (_cell(ours_us), Cell(), Cell()))
    ratio = statistics.median(ours_us) / statistics.median(theirs_us)
    return Row(title, (_cell(ours_us), _cell(theirs_us), Cell(quantity(ratio, "×"))))


def _cell(rounds_us: Sequence[float]) -> Cell:
    return Cell(quantity(statistics.median(rounds_us)), interval(min(rounds_us), max(rounds_us)))
