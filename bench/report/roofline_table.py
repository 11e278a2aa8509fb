"""Ceilings of the machine, and how near each arm's encoder comes to them."""

from __future__ import annotations

import math

from bench.analysis.roofline import ArmShare, Roofline
from bench.quantities import quantity
from bench.report.tables import Cell, Column, Row, Table

GIGA = 1e9


def ceilings_table(found: Roofline) -> Table:
    """One row a precision, and one for memory."""
    columns = (Column("rate", "Ceiling"),)
    rows = [
        Row(f"products in {precision}", (_rate(per_s, "G operations/s"),))
        for precision, per_s in found.products_per_s.items()
    ]
    rows.append(Row("reading memory", (_rate(found.read_bytes_per_s, "GB/s"),)))
    notes = ("The best of PyTorch's products of square matrices; a sum over 512 MB. Medians over the rounds.",)
    return Table(f"What {found.device} can do with {found.threads} threads", "", columns, tuple(rows), notes)


def shares_table(found: Roofline) -> Table:
    """One row an arm."""
    columns = (
        Column("products", "Products", numeric=False),
        Column("texts", "Texts", "/s"),
        Column("tokens", "Tokens", "/s"),
        Column("rate", "Achieved", "G/s"),
        Column("share", "Of ceiling", "%"),
        Column("single", "One text", "ms"),
        Column("single_share", "Of ceiling", "%"),
    )
    rows = tuple(Row(arm.label, _cells(arm)) for arm in found.arms)
    notes = (
        "Operations of real tokens, without padding; from text to vector, tokenising included. The ceiling is that of "
        "the precision in which an arm runs, also where it leaves some products to a slower one.",
    )
    return Table("How near the encoders come", "", columns, rows, notes)


def _cells(arm: ArmShare) -> tuple[Cell, ...]:
    products = ", ".join(f"{count} {precision}" for precision, count in arm.products.items()) or arm.precision
    return (
        Cell(products),
        Cell(quantity(arm.texts_per_s)),
        Cell(quantity(arm.tokens_per_s)),
        Cell(quantity(arm.flops_per_s / GIGA)),
        _share(arm.share(arm.flops_per_s)),
        Cell(quantity(arm.single_ms)),
        _share(arm.share(arm.single_flops_per_s)),
    )


def _share(share: float) -> Cell:
    return Cell() if math.isnan(share) else Cell(quantity(100 * share))


def _rate(per_s: float, unit: str) -> Cell:
    return Cell(quantity(per_s / GIGA, unit)) if per_s else Cell(note="PyTorch has no such product here")
