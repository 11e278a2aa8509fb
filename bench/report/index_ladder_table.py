"""What each index costs and keeps as the catalogue grows."""

from __future__ import annotations

from bench.analysis.index_ladder import IndexLadder, Rung
from bench.quantities import quantity
from bench.report.tables import Cell, Column, Row, Table

BYTES_PER_MB = 1e6
COLUMNS = (
    Column("build", "Build", "s"),
    Column("add", "Add", "s"),
    Column("memory", "Size", "MB"),
    Column("p50", "p50", "ms"),
    Column("p99", "p99", "ms"),
    Column("ratio", "Sums"),
    Column("fidelity", "Fid@10"),
)


def index_ladder_tables(found: IndexLadder) -> list[Table]:
    """One table a size, one row an index."""
    sizes = dict.fromkeys(rung.n_items for rung in found.rungs)
    return [_table(found, n_items) for n_items in sizes]


def _table(found: IndexLadder, n_items: int) -> Table:
    rows = tuple(Row(rung.index, _cells(rung)) for rung in found.rungs if rung.n_items == n_items)
    notes = (
        f"Made-up unit vectors of {found.dim} dimensions around topics: fidelity on texts is another. Add: 1,000. "
        "Size: by which the process grew. p50, p99: of a search for ten. Sums: the median search over the median "
        "float32 sum over the same vectors. int8 and binary score their best again in float32.",
    )
    threads = f"{found.threads} thread{'s' if found.threads > 1 else ''}"
    return Table(f"Indexes of {n_items:,} items, {threads}", "", COLUMNS, rows, notes)


def _cells(rung: Rung) -> tuple[Cell, ...]:
    return (
        Cell(quantity(rung.build_s)),
        Cell(quantity(rung.add_s_per_1k)),
        Cell(quantity(rung.resident_bytes / BYTES_PER_MB)),
        _timed(rung.p50_ms, rung.p50_low_ms, rung.p50_high_ms),
        _timed(rung.p99_ms, rung.p99_low_ms, rung.p99_high_ms),
        Cell(quantity(rung.sum_ratio)),
        Cell(quantity(rung.fidelity_at_10)),
    )


def _timed(value: float, low: float, high: float) -> Cell:
    """NaN reads as not measured."""
    if value != value:
        return Cell()
    return Cell(quantity(value), f"[{quantity(low)}, {quantity(high)}]", bounds=(low, value, high))
