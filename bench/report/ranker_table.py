"""Rankers that were fitted before the run, and what they were worth where they were fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.analysis.statements import Statements
from bench.quantities import quantity
from bench.report.subjects import measured_arms
from bench.report.tables import Cell, Column, Row, Table

COLUMNS = (
    Column("weight", "Weight of popularity"),
    Column("base_rate", "Base rate", group="Click network"),
    Column("accuracy", "Accuracy", group="Click network"),
    Column("base_accuracy", "Accuracy of the base rate", group="Click network"),
    Column("auc", "AUC", group="Click network"),
    Column("log_loss", "Log-loss", group="Click network"),
    Column("base_log_loss", "Log-loss of the base rate", group="Click network"),
)
FITTED = ("hybrid", "network")
NOTES = {
    "hybrid": "Weight of popularity: w in z(text) + w · z(log(1 + recent count)), chosen on the training period where "
    "the scenario gives none.",
    "network": "Click network: on the last 20 % of the choices before t0, each beside items drawn at random, so the "
    "base rate is the drawing's and not that of real clicks.",
}


def ranker_table(statements: Statements) -> Table | None:
    """One row an arm with such a ranker; None where there is none."""
    fitted = {arm["name"]: ranker for arm in statements.run["arms"] if (ranker := _fitted(arm))}
    rows = tuple(
        Row(arm.label, _cells(fitted[arm.name]), colour=arm.style.colour)
        for arm in measured_arms(statements)
        if arm.name in fitted
    )
    if not rows:
        return None
    kinds = {ranker["kind"] for ranker in fitted.values()}
    keys = [column.key for column in COLUMNS if any(column.key in ranker for ranker in fitted.values())]
    notes = tuple(note for kind, note in NOTES.items() if kind in kinds)
    return Table("Fitted rankers", "Arm", COLUMNS, rows, notes).only(keys)


def _fitted(arm: Mapping[str, Any]) -> Mapping[str, Any]:
    ranker: Mapping[str, Any] = arm.get("ranker") or {}
    return ranker if ranker.get("kind") in FITTED else {}


def _cells(ranker: Mapping[str, Any]) -> tuple[Cell, ...]:
    return tuple(Cell(quantity(ranker.get(column.key))) for column in COLUMNS)
