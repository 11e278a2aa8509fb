"""Where the knobs of a machine stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.report.tables import Cell, Column, Row, Table

TONES = {"BAD": "bad", "IMPROVABLE": "best", "UNKNOWN": "quiet"}


def knob_table(knobs: Sequence[Mapping[str, str]]) -> Table:
    """One row a knob. knobs: entries with `knob`, `verdict` and `state`, as `doctor --json` writes them."""
    columns = (Column("verdict", "Verdict", numeric=False), Column("state", "State", numeric=False))
    rows = tuple(
        Row(knob["knob"], (Cell(knob["verdict"], tone=TONES.get(knob["verdict"], "")), Cell(knob["state"])))
        for knob in knobs
    )
    hidden = any(knob["verdict"] == "UNKNOWN" for knob in knobs)
    notes = ("UNKNOWN: not told here; the host of a virtual machine or container may know.",) if hidden else ()
    return Table("Knobs of this machine", "Knob", columns, rows, notes)
