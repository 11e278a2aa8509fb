"""The tables of a report: the arms at a glance, every load point, and what each arm costs above the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.analysis.statements import Statements
from bench.quantities import count, quantity
from bench.report import cells
from bench.report.cells import Values
from bench.report.slo import meets_slo
from bench.report.subjects import (
    MEASURED,
    Arm,
    LoadPoint,
    arms_of,
    measured_arms,
    offline,
    records,
    shared_point,
    single_stream,
    slo_p99_ms,
    top_k,
)
from bench.report.tables import Cell, Column, Row, Table

if TYPE_CHECKING:
    import pandas as pd

DASH_NOTE = "–: not measured, or too few requests for that percentile. Intervals are 95 %."
SATURATED_NOTE = "saturated: the queue grew without end, so a latency there would only tell how long the run was."
NOT_RESOLVABLE_NOTE = f"{cells.NOT_RESOLVABLE.text}: {cells.NOT_RESOLVABLE.note}."
TAX_NOTE = (
    "Differences to the baseline on the same requests. Recovered: the part of the reference's p50 tax that the arm "
    "wins back."
)
RESTARTS_NOTE = (
    "Over restarts: bounds from one value a process. They hold where processes differ, which with two of them the "
    "bounds beside the difference do not."
)
SLO_NOTE = "Within SLO: share of the counted requests that were answered within the scenario's limit on p99."
BEST_NOTE = "Bold: best, or not told apart from the best (its interval reaches the best one's)."

Make = Callable[[Values], Cell]


def main_table(statements: Statements) -> Table:
    """One row an arm: latency alone and at the shared rate, throughput, quality, cost, difference to the baseline."""
    alone, shared, bulk = single_stream(statements), shared_point(statements), offline(statements)
    sections = [
        *_latency_columns(statements, alone, "alone", ("p50", "p90", "p99")),
        *_latency_columns(statements, shared, "shared", ("p50", "p99")),
        *_throughput_column(statements, bulk),
        *_quality_columns(statements, shared or alone),
        *_cost_columns(statements, shared or alone),
        *_delta_columns(statements, alone, shared),
    ]
    names = [arm.name for arm in measured_arms(statements)]
    filled = [_fill(names, rows, make, sign) for _, rows, make, sign in sections]
    by_arm = {name: tuple(column[place] for column in filled) for place, name in enumerate(names)}
    rows = tuple(_arm_row(arm, by_arm.get(arm.name, ())) for arm in arms_of(statements))
    notes = (DASH_NOTE, *_word_notes(rows), BEST_NOTE, *_place_note(shared or alone))
    return Table("Arms at a glance", "Arm", tuple(column for column, *_ in sections), rows, notes)


def _place_note(point: LoadPoint | None) -> tuple[str, ...]:
    """Which requests quality and CPU are of: a run has lists at every load point, and the pictures take all of them."""
    return (f"Quality and CPU: of the requests at {point.name}; pictures show recall over all.",) if point else ()


def load_table(statements: Statements) -> Table:
    """Every arm at every load point and kind of request, with counts of what went wrong."""
    columns: list[tuple[Column, Make]] = [
        (Column("load", "Load", numeric=False), lambda row: Cell(_point_of(row).name)),
        (Column("request_kind", "Requests", numeric=False), lambda row: Cell(str(row["request_kind"]))),
        (Column("achieved", "Achieved", "requests/s"), lambda row: cells.value_cell(row, "achieved_per_s")),
        (Column("requests", "Counted"), lambda row: Cell(count(cells.number(row, "requests")))),
    ]
    columns += [(Column("unanswered", "Unanswered", numeric=False), _unanswered)]
    columns += [(Column(name, title, "ms"), _percentile_of(name)) for name, title in PERCENTILES]
    columns += [(Column("max", "Max", "ms"), lambda row: _plain_ms(row, "max_ms"))]
    columns += [(Column("service", "Service p50", "ms"), lambda row: _plain_ms(row, "service_p50_ms"))]
    columns += [(Column("slo", "Within SLO"), _slo_of(slo_p99_ms(statements)))]
    arms = {arm.name: arm for arm in measured_arms(statements)}
    rows = tuple(
        _arm_row(arms[row["arm"]], tuple(make(row) for _, make in columns))
        for row in records(statements.summary)
        if row["arm"] in arms
    )
    notes = (DASH_NOTE, *_word_notes(rows), SLO_NOTE)
    return Table("Every load point", "Arm", tuple(column for column, _ in columns), rows, notes)


def tax_table(statements: Statements) -> Table:
    """What each arm adds to the baseline at single stream and at the shared rate, and what it wins back of it."""
    columns: list[tuple[Column, Make]] = [
        (Column("load", "Load", numeric=False), lambda row: Cell(_point_of(row).name)),
        (Column("p50", "Δ p50", "ms"), lambda row: cells.difference_cell(row, "p50", "ms")),
        (Column("p99", "Δ p99", "ms"), lambda row: cells.difference_cell(row, "p99", "ms")),
        *_over_restarts(statements),
        (Column("cpu", "Δ CPU", "s/1,000 requests"), lambda row: cells.difference_cell(row, "cpu_s_per_1k")),
        (Column("recall", f"Δ recall@{top_k(statements)}"), lambda row: cells.difference_cell(row, "recall")),
        (Column("recovered", "Recovered", "% of the reference's tax"), _recovered),
        (Column("fidelity", f"Fidelity@{top_k(statements)}"), lambda row: cells.value_cell(row, "fidelity_at_k")),
    ]
    arms = {arm.name: arm for arm in measured_arms(statements)}
    points = [point for point in (single_stream(statements), shared_point(statements)) if point is not None]
    rows = [
        _arm_row(arms[row["arm"]], tuple(make(row) for _, make in columns))
        for point in points
        for row in records(point.rows(statements.tax))
        if row["arm"] in arms
    ]
    notes = (TAX_NOTE, *([RESTARTS_NOTE] if _over_restarts(statements) else []), *_word_notes(rows))
    return Table("The language model's tax", "Arm", tuple(column for column, _ in columns), tuple(rows), notes)


def _over_restarts(statements: Statements) -> list[tuple[Column, Make]]:
    """Two more columns where arms ran in several processes."""
    if statements.tax["delta_p50_restarts_low_ms"].isna().all():
        return []
    return [
        (Column("p50_restarts", "Δ p50 over restarts", "ms"), lambda row: cells.restarts_cell(row, "p50")),
        (Column("p99_restarts", "Δ p99 over restarts", "ms"), lambda row: cells.restarts_cell(row, "p99")),
    ]


PERCENTILES = (("p50", "p50"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("p999", "p99.9"))
FAULTS = {"failed": "failed", "timed_out": "timed out", "refused": "refused"}

Section = tuple[Column, dict[str, Values], Make, int]
"""A column, its values by arm, how a cell is made of them, and what is better: higher (+1), lower (−1), neither (0)."""


def _latency_columns(
    statements: Statements, point: LoadPoint | None, key: str, names: tuple[str, ...]
) -> list[Section]:
    if point is None:
        return []
    rows = _by_arm(point.rows(statements.summary))
    group = point.name[:1].upper() + point.name[1:]
    return [(Column(f"{name}_{key}", name, "ms", group), rows, _percentile_of(name), -1) for name in names]


def _throughput_column(statements: Statements, point: LoadPoint | None) -> list[Section]:
    if point is None:
        return []
    column = Column("throughput", "Throughput", "requests/s", "Offline")
    rows = _by_arm(point.rows(statements.summary))
    return [(column, rows, lambda row: cells.value_cell(row, "achieved_per_s"), 1)]


def _quality_columns(statements: Statements, point: LoadPoint | None) -> list[Section]:
    if point is None:
        return []
    rows, group = _by_arm(point.rows(statements.summary)), f"Quality at {top_k(statements)}"
    recall_sign = 0 if statements.run["data"]["simulated"] else 1
    columns = [("recall", "Recall", recall_sign), ("ndcg", "nDCG", 0), ("fidelity", "Fidelity", 0)]
    return [(Column(key, title, group=group), rows, _value_of(f"{key}_at_k"), sign) for key, title, sign in columns]


def _cost_columns(statements: Statements, point: LoadPoint | None) -> list[Section]:
    if point is None:
        return []
    rows = _by_arm(point.rows(statements.summary))
    peaks = statements.summary.groupby("arm")["rss_peak_mb"].max()
    memory: dict[str, Values] = {str(arm): {"rss_peak_mb": peak} for arm, peak in peaks.items()}
    return [
        (Column("cpu", "CPU", "s/1,000", "Cost"), rows, _value_of("cpu_s_per_1k"), -1),
        (Column("rss", "Memory", "MB", "Cost"), memory, _value_of("rss_peak_mb"), -1),
    ]


def _delta_columns(statements: Statements, alone: LoadPoint | None, shared: LoadPoint | None) -> list[Section]:
    sections: list[Section] = []
    roles = {arm.name: arm.role for arm in measured_arms(statements)}
    baselines: dict[str, Values] = {name: {"baseline": True} for name, role in roles.items() if role == "baseline"}
    for point, name in ((alone, "p50"), (shared, "p99")):
        if point is not None and len(statements.tax):
            rows = _by_arm(point.rows(statements.tax)) | baselines
            title = f"{name}, {point.name}"
            column = Column(f"delta_{name}", title, "ms", "Δ to baseline")
            sections.append((column, rows, _delta_of(name), 0))
    return sections


def _fill(names: list[str], rows: dict[str, Values], make: Make, sign: int) -> list[Cell]:
    """The column's cells in the order of the arms, the best in bold."""
    made = [make(rows[name]) if name in rows else Cell(note="not measured", tone="quiet") for name in names]
    return cells.mark_best(made, sign) if sign else made


def _by_arm(rows: pd.DataFrame) -> dict[str, Values]:
    return {str(row["arm"]): row for row in records(rows)}


def _percentile_of(name: str) -> Make:
    return lambda row: cells.percentile_cell(row, name)


def _value_of(key: str) -> Make:
    return lambda row: cells.value_cell(row, key)


def _unanswered(row: Values) -> Cell:
    """How many requests had no answer, by kind; never a bare sum, for a refusal is no time-out."""
    faults = [f"{count(cells.number(row, key))} {word}" for key, word in FAULTS.items() if cells.number(row, key) > 0]
    return Cell(", ".join(faults), tone="bad") if faults else Cell("0")


def _recovered(row: Values) -> Cell:
    return cells.SATURATED if bool(row["saturated"]) else cells.share_cell(row, "recovered_share")


def _delta_of(name: str) -> Make:
    return lambda row: Cell("baseline", tone="quiet") if row.get("baseline") else cells.difference_cell(row, name, "ms")


def _plain_ms(row: Values, key: str) -> Cell:
    """A value in ms without an interval; nothing to say of it under overload."""
    return cells.SATURATED if bool(row["saturated"]) else Cell(quantity(cells.number(row, key)))


def _slo_of(slo_ms: float | None) -> Make:
    return lambda row: Cell(tone="quiet") if slo_ms is None else _slo_cell(row, slo_ms)


def _slo_cell(row: Values, slo_ms: float) -> Cell:
    """The share of requests within the limit; under overload it too would only tell how long the run was."""
    share = cells.number(row, "within_slo")
    if math.isnan(share):
        return Cell(note="not measured", tone="quiet")
    if bool(row["saturated"]):
        return cells.SATURATED
    # 100 % is said of all requests only: 99.96 % must not round up to it
    text = quantity(100.0 if share == 1 else min(100 * share, 99.9), "%")
    met = meets_slo(row, slo_ms)
    if met is None:
        return Cell(text, note="too few requests to tell whether p99 is within the limit", tone="quiet")
    return Cell(text) if met else Cell(text, note="p99 is over the limit", tone="bad")


def _point_of(row: Values) -> LoadPoint:
    return LoadPoint(row["load"], row["load_kind"], row["offered_per_s"])


def _arm_row(arm: Arm, made: tuple[Cell, ...]) -> Row:
    message = "" if arm.status == MEASURED else f"{arm.status}: {arm.reason}"
    return Row(arm.label, made, arm.role, arm.style.colour, message)


def _word_notes(rows: Sequence[Row]) -> tuple[str, ...]:
    """What the words mean that stand for numbers in these rows."""
    said = {cell.text for row in rows for cell in row.cells}
    notes = {cells.SATURATED.text: SATURATED_NOTE, cells.NOT_RESOLVABLE.text: NOT_RESOLVABLE_NOTE}
    return tuple(note for word, note in notes.items() if word in said)
