"""The tables of a comparison: arms by runs, and what differs between machines and software."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.analysis.comparison import Comparison
from bench.analysis.statements import Statements
from bench.report import cells
from bench.report.cells import Values
from bench.report.subjects import Arm, LoadPoint, arms_of, points_of_kind, records, top_k
from bench.report.tables import Cell, Column, Row, Table

PERCENTILES = ("p50", "p99")
WITHIN_RUNS = (
    "Ratios are to run A on the same requests; slower and faster begin at 5 %, and hold over restarts where a run has "
    "several. Their intervals tell what blocks and restarts vary, not what another day would."
)
FORCED = "No ratios: these runs were compared by force."


def comparison_table(comparison: Comparison) -> Table:
    """One row an arm and run, runs of an arm below each other: latencies, their ratios to the first run, recall."""
    points = compared_points(comparison)
    columns = [
        Column("run", "Run", numeric=False),
        *(column for point in points for column in _point_columns(point)),
        Column("recall", f"Recall@{top_k(comparison.runs[0])}"),
    ]
    rows = [
        Row(arm.label, (Cell(name), *_arm_cells(comparison, name, arm, points)), arm.role, arm.style.colour)
        if arm.status == "measured"
        else Row(arm.label, (), arm.role, arm.style.colour, f"run {name}: {arm.status}: {arm.reason}")
        for arms in _by_arm(comparison).values()
        for name, arm in arms.items()
    ]
    caption = f"Arms in {len(comparison.runs)} runs; bounds are 95 %"
    return Table(caption, "Arm", tuple(columns), tuple(rows), (FORCED if comparison.obstacles else WITHIN_RUNS,))


def facts_table(comparison: Comparison) -> Table | None:
    """What differs between machines and software, one column a run; None where nothing does."""
    if not comparison.facts:
        return None
    columns = tuple(Column(name, name, numeric=False) for name in comparison.names)
    rows = tuple(Row(fact, tuple(Cell(text) for text in texts)) for fact, texts in comparison.facts.items())
    return Table("Machines and software", "Fact", columns, rows)


def compared_points(comparison: Comparison) -> list[LoadPoint]:
    """Single stream, and the highest rate that every arm of every run sustains: those that all runs have."""
    first, shared = comparison.runs[0], comparison.shared
    points = [*points_of_kind(first, "single_stream")[:1]]
    points += [point for point in points_of_kind(first, "server") if (point.load, point.offered_per_s) == shared]
    return [point for point in points if all(len(point.rows(run.summary)) for run in comparison.runs)]


def _by_arm(comparison: Comparison) -> dict[str, dict[str, Arm]]:
    """Arm's name → run's letter → the arm, in the order of the first run's scenario, newcomers last."""
    found: dict[str, dict[str, Arm]] = {}
    for name, run in zip(comparison.names, comparison.runs, strict=True):
        for arm in arms_of(run):
            found.setdefault(arm.name, {})[name] = arm
    return found


def _point_columns(point: LoadPoint) -> list[Column]:
    group = point.name[:1].upper() + point.name[1:]
    made = []
    for percentile in PERCENTILES:
        made.append(Column(f"{percentile}_{point.kind}", percentile, "ms", group))
        made.append(Column(f"ratio_{percentile}_{point.kind}", f"{percentile} to A", "", group))
    return made


def _arm_cells(comparison: Comparison, name: str, arm: Arm, points: list[LoadPoint]) -> list[Cell]:
    run = comparison.runs[comparison.names.index(name)]
    made: list[Cell] = []
    for point in points:
        row, ratio = _row_of(point, run, arm.name), _ratio_of(comparison, point, name, arm.name)
        for percentile in PERCENTILES:
            made += [cells.percentile_cell(row, percentile), _ratio_cell(name, ratio, percentile)]
    recall = next((_row_of(point, run, arm.name) for point in points), {})
    return [*made, cells.value_cell(recall, "recall_at_k")]


def _ratio_cell(name: str, ratio: Values, percentile: str) -> Cell:
    return Cell("", tone="quiet") if name == "A" else cells.ratio_cell(ratio, percentile)


def _row_of(point: LoadPoint, run: Statements, arm: str) -> Mapping[str, Any]:
    return next((row for row in records(point.rows(run.summary)) if row["arm"] == arm), {})


def _ratio_of(comparison: Comparison, point: LoadPoint, name: str, arm: str) -> Mapping[str, Any]:
    rows = records(point.rows(comparison.ratios))
    return next((row for row in rows if (row["run"], row["arm"]) == (name, arm)), {})
