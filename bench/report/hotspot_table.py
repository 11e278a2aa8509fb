"""The functions in which an arm spends its time."""

from __future__ import annotations

from bench.analysis.profile import Profile
from bench.quantities import count, quantity
from bench.report.tables import Cell, Column, Row, Table

NOTE = (
    "Own: without the functions that it calls. A profiler slows every call down: compare functions with each other, "
    "and take latencies from a run."
)


def hotspot_table(found: Profile, top: int) -> Table:
    """One row a function, so many of them, those with the most time of their own first."""
    columns = (
        Column("share", "Own", "%"),
        Column("own", "Own", "ms/request"),
        Column("all", "With callees", "ms/request"),
        Column("calls", "Calls"),
    )
    rows = tuple(
        Row(
            spot.function,
            (
                Cell(quantity(100 * spot.own_s / found.total_s if found.total_s else None)),
                Cell(quantity(1_000 * spot.own_s / found.requests)),
                Cell(quantity(1_000 * spot.with_callees_s / found.requests)),
                Cell(count(spot.calls)),
            ),
        )
        for spot in found.hotspots[:top]
    )
    return Table(f"{found.label}: {count(found.requests)} requests, one by one", "Function", columns, rows, (NOTE,))
