"""What equal arms showed on a machine."""

from __future__ import annotations

from bench.analysis.equal_arms import OTHER_PROCESSES, EqualArms, EqualPercentile, percent
from bench.quantities import quantity
from bench.report.tables import Cell, Column, Row, Table


def equal_arms_table(found: EqualArms) -> Table:
    """One row a percentile: how far apart equal arms were, and how far apart others must be."""
    columns = (
        Column("base", "First arm", "ms"),
        Column("change", "Second arm"),
        Column("resolvable", "Not resolvable under"),
        Column("resolvable_ms", "The same", "ms"),
    )
    percentiles = {"p50": found.p50, "p99": found.p99}
    rows = tuple(_row(name, one) for name, one in percentiles.items() if one)
    spread = found.spread
    others = ", ".join(f"{n}: {_percent(found.resolvable_with(n) - 1)}" for n in OTHER_PROCESSES)
    notes = (
        f"Standard deviations of p50's ratio: {_percent(spread.processes)} between processes, "
        f"{_percent(spread.blocks)} between blocks of a process, {_percent(spread.requests)} from a block's requests.",
        f"A true difference of p50 has to be {_percent(found.detectable_ratio - 1)} to be told four times out of five.",
        f"Not resolvable at p50 with other numbers of processes: {others}.",
    )
    rate = "" if found.offered_per_s is None else f" {found.offered_per_s:g}/s"
    return Table(f"Equal arms, {found.arm}, {found.load}{rate}", "", columns, rows, notes)


def _row(name: str, one: EqualPercentile) -> Row:
    value, _, bounds = percent(one.ratio).partition(" [")
    cells = (
        Cell(quantity(one.base_ms)),
        Cell(value, interval=f"[{bounds}" if bounds else "", tone="bad" if one.differs else ""),
        Cell(_percent(one.resolvable_ratio - 1)),
        Cell(quantity(one.resolvable_ms)),
    )
    return Row(name, cells)


def _percent(share: float | None) -> str:
    return quantity(None if share is None else 100 * share, "%")
