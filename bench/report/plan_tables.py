"""The tables of a plan: how far it was off, what it asks for, and what gives way first."""

from __future__ import annotations

from bench.analysis.plan.held_out import HeldOutPoint
from bench.analysis.plan.statement import ArmPlan, Plan
from bench.quantities import MISSING, count, interval, quantity
from bench.report.plan_words import method, title_of
from bench.report.style import arm_styles
from bench.report.tables import Cell, Column, Row, Table, escape_markdown, to_markdown

NOT_MEASURED = "not measured"
MB = 1e6


def plan_tables(plan: Plan) -> tuple[Table, ...]:
    """All of them; the error comes first."""
    return (error_table(plan), needs_table(plan), breaks_table(plan))


def terminal_tables(plan: Plan) -> tuple[Table, ...]:
    """The columns for which a terminal has room."""
    return (
        error_table(plan).only(("rate", "predicted", "measured", "error")),
        needs_table(plan).only(("capacity", "replicas", "cores", "batch", "index", "million")),
        breaks_table(plan).only(("what", "at", "factor")),
    )


def error_table(plan: Plan) -> Table:
    """One row a held-out point."""
    name = plan.asked.slo.name
    columns = (
        Column("rate", "Rate", "1/s"),
        Column("share", "Of capacity"),
        Column("requests", "Requests"),
        Column("predicted", f"{name} predicted", "ms"),
        Column("measured", f"{name} measured", "ms"),
        Column("error", "Error", "%"),
        Column("p50", "Error of p50", "%"),
    )
    rows = [
        Row(arm.label, _check_cells(point), colour=colour) for arm, colour in _coloured(plan) for point in arm.checks
    ]
    note = "Error: predicted ÷ measured − 1. Where the measured interval holds the prediction, it may be chance alone."
    return Table("Held-out points: predicted, then measured", "Arm", columns, tuple(rows), (note,))


def needs_table(plan: Plan) -> Table:
    """One row an arm: what the rate takes."""
    asked = plan.asked
    columns = (
        Column("capacity", "One replica", "1/s"),
        Column("replicas", "Replicas"),
        Column("cores", "Cores"),
        Column("batch", "Batch", "requests"),
        Column("cache", "Cache", "MB, each"),
        Column("hits", "Hits", "%"),
        Column("index", "Index", "MB, each"),
        Column("hour", "Cost", "per hour"),
        Column("million", "Cost", "per million"),
        Column("joules", "Energy", "J/request"),
    )
    rows = [Row(arm.label, _need_cells(arm, plan), colour=colour) for arm, colour in _coloured(plan)]
    rows += [Row(label, message=f"not measured: {reason}") for label, reason in plan.absent]
    share = plan.arms[0].fleet.share
    notes = (
        f"One replica: the highest rate at which it keeps {asked.slo.text} when it serves alone. Replicas are planned "
        f"at {share:g} of what each keeps it at on its part of the arrivals. Batch: the shortest whose capacity is "
        "within 2 % of the best, of those up to the scenario's own limit.",
        *(
            f"{arm.label}, extrapolated: {'; '.join(arm.unchecked(asked))}."
            for arm in plan.arms
            if arm.unchecked(asked)
        ),
        *dict.fromkeys(note for arm in plan.arms for note in arm.notes),
    )
    return Table(f"{title_of(plan)}, {count(asked.items)} items", "Arm", columns, tuple(rows), notes)


def breaks_table(plan: Plan) -> Table:
    """Bounds of every arm, the first to give way first."""
    columns = (
        Column("what", "What", numeric=False),
        Column("at", "At", numeric=False),
        Column("factor", "Of what is asked"),
        Column("why", "Because", numeric=False),
    )
    rows = []
    for arm, colour in _coloured(plan):
        for each in arm.breaks(plan.asked):
            at = quantity(each.at, "/s") if each.unit == "/s" else f"{quantity(each.at)} {each.unit}"
            tone = "bad" if each.factor < 1 else ""
            cells = (Cell(each.what), Cell(at), Cell(quantity(each.factor, "×"), tone=tone), Cell(each.why))
            rows.append(Row(arm.label, cells, colour=colour))
    note = "Extrapolated beyond the rates and sizes that were measured. Under ×1 it gives way before what is asked."
    return Table("What gives way first", "Arm", columns, tuple(rows), (note,))


def plan_markdown(plan: Plan) -> str:
    """For a pull request or a job summary: the error, then the plan."""
    parts = [
        f"## {escape_markdown(title_of(plan))}",
        escape_markdown(plan.error_sentence),
        escape_markdown(plan.sentence),
    ]
    parts += [to_markdown(table) for table in plan_tables(plan)]
    parts += ["\n".join(f"- {escape_markdown(line)}" for line in method(plan))]
    return "\n\n".join(parts) + "\n"


def _coloured(plan: Plan) -> list[tuple[ArmPlan, str]]:
    styles = arm_styles([arm.role for arm in plan.arms])
    return [(arm, style.colour) for arm, style in zip(plan.arms, styles, strict=True)]


def _check_cells(point: HeldOutPoint) -> tuple[Cell, ...]:
    measured, predicted = point.measured.tail, point.predicted.tail_ms
    tone = "bad" if point.is_off else ""
    error = Cell("unstable" if point.measured.unstable else _percent(point.error), tone=tone)
    return (
        Cell(quantity(point.rate_per_s)),
        Cell(f"{point.share:g}"),
        Cell(count(point.measured.counted)),
        Cell(quantity(predicted.point), interval(predicted.low, predicted.high)),
        Cell(quantity(measured.point), interval(max(measured.low, 0.0), measured.high)),
        error,
        Cell(_percent(point.p50_error)),
    )


def _need_cells(arm: ArmPlan, plan: Plan) -> tuple[Cell, ...]:
    asked, replicas = plan.asked, arm.replicas
    index_bytes, service = arm.index_bytes(asked.items), arm.fleet.replica.service
    batches = service.largest > 1 or len(arm.batches) > 1
    return (
        Cell(quantity(arm.fleet.capacity_per_s)),
        _replicas_cell(arm, plan),
        Cell(MISSING if replicas is None else count(replicas * arm.means.cores)),
        Cell(count(arm.batch.max_requests) if batches else "one by one"),
        Cell(quantity(arm.cache_mb)),
        Cell(quantity(100 * service.hit_share) if service.counts_hits else MISSING),
        Cell(NOT_MEASURED if index_bytes is None else quantity(index_bytes / MB)),
        Cell(_priced(arm.means.per_hour(replicas), arm.means.hour)),
        Cell(_priced(arm.means.per_million(replicas, asked.rate_per_s), arm.means.hour)),
        Cell(NOT_MEASURED if arm.means.joules is None else quantity(arm.means.joules)),
    )


def _replicas_cell(arm: ArmPlan, plan: Plan) -> Cell:
    if arm.replicas is None:
        return Cell("none suffices", tone="bad")
    unchecked = arm.unchecked(plan.asked)
    return Cell(count(arm.replicas) + (" (extrapolated)" if unchecked else ""), note="; ".join(unchecked))


def _priced(cost: float | None, price: float | None) -> str:
    return "no price" if price is None else quantity(cost)


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
