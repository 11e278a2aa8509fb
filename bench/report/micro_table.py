"""Micro-benchmarks with percentiles and intervals."""

from __future__ import annotations

from bench.analysis.micro import PERCENTILES, Micro, MicroRun
from bench.analysis.stats.samples import Interval
from bench.quantities import MISSING, count, interval, quantity
from bench.report.cells import TOO_FEW
from bench.report.tables import Cell, Column, Row, Table

US_PER_S = 1e6
NOTE = "Percentiles of rounds, with 95 % intervals at the effective number of rounds. –: too few rounds for it."


def micro_table(found: MicroRun) -> Table:
    """One row a micro-benchmark, in the file's order."""
    columns = (Column("rounds", "Rounds"), *(Column(name, name, "µs") for name in PERCENTILES))
    rows = tuple(Row(micro.name, _cells(micro)) for micro in found.benchmarks)
    return Table("Micro-benchmarks", "Name", columns, rows, (NOTE,))


def _cells(micro: Micro) -> tuple[Cell, ...]:
    return (Cell(count(micro.rounds)), *(_cell(micro.percentiles[name]) for name in PERCENTILES))


def _cell(found: Interval | None) -> Cell:
    if found is None:
        return Cell(MISSING, note=TOO_FEW, tone="quiet")
    low, point, high = (US_PER_S * bound for bound in (max(found.low, 0.0), found.point, found.high))
    return Cell(quantity(point), interval(low, high))
