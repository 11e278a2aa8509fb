"""The curve of a capacity measurement: what every probe showed, by rate."""

from __future__ import annotations

from bench.analysis.capacity.probe_result import ProbeResult, Verdict
from bench.analysis.capacity.statement import HOW, Capacity
from bench.quantities import count, interval, quantity
from bench.report.tables import Cell, Column, Row, Table

TONES = {Verdict.PASS: "best", Verdict.FAIL: "bad", Verdict.UNRESOLVED: "quiet"}


def capacity_table(found: Capacity) -> Table:
    """One row a probe, the lowest rate first, the confirming run last; notes are those of the measurement."""
    name = found.slo.name
    columns = (
        Column("achieved", "Achieved", "1/s"),
        Column("requests", "Requests"),
        Column("p50", "p50", "ms"),
        Column(name, name, "ms"),
        Column("over", "Over", "%"),
        Column("verdict", "Verdict", numeric=False),
    )
    probes = sorted(found.probes, key=lambda probe: probe.rate_per_s)
    rows = [_row("alone", found.alone), *(_row(quantity(probe.rate_per_s, "/s"), probe) for probe in probes)]
    if found.confirming is not None:
        rows.append(_row(f"{quantity(found.confirming.rate_per_s, '/s')}, confirming", found.confirming))
    notes = (f"Over: requests over the limit, of which {100 * found.slo.share_over:g} % may be. {HOW}", *found.notes)
    return Table(f"{found.label}: {found.slo.text}", "Offered", columns, tuple(rows), notes)


def _row(name: str, probe: ProbeResult) -> Row:
    verdict = probe.verdict.value if not probe.unstable else f"{probe.verdict.value}, {probe.reason.split(':')[0]}"
    cells = (
        Cell(quantity(probe.achieved_per_s)),
        Cell(count(probe.counted)),
        Cell(quantity(probe.p50_ms)),
        Cell(quantity(probe.tail.point), interval(probe.tail.low, probe.tail.high)),
        Cell(quantity(100 * probe.share_over)),
        Cell(verdict, tone=TONES[probe.verdict]),
    )
    return Row(name, cells)
