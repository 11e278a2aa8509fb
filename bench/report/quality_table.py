"""Quality of arms and floors side by side, with a mark at every arm that a floor beats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.analysis.statements import Statements
from bench.report import cells
from bench.report.subjects import Floor, floors_of, measured_arms, top_k
from bench.report.tables import Cell, Column, Row, Table

if TYPE_CHECKING:
    import pandas as pd

METRICS = {
    "recall": "Recall@{k}",
    "candidate_recall": "Candidate recall",
    "ndcg": "nDCG@{k}",
    "fidelity": "Fidelity@{k}",
    "overlap": "Overlap@{k}",
}
RANDOM_WEIGHTS = "random weights: latency is real, quality would mean nothing"


def quality_table(statements: Statements) -> Table:
    """One row an arm, then one a floor; recall below a floor is named in the last column."""
    scores = statements.quality[statements.quality["group"] == "all"]
    scores = scores[scores["k"] == top_k(statements)]
    present = set(scores["metric"])
    metrics = [metric for metric in METRICS if metric in present]
    columns = [Column(metric, METRICS[metric].format(k=top_k(statements))) for metric in metrics]
    columns.append(Column("under", "Under a floor", numeric=False))
    floors = floors_of(statements, "recall")
    rows = []
    for arm in measured_arms(statements):
        made = [_score(scores, arm.name, metric) for metric in metrics]
        under = _under(scores, arm.name, floors) if arm.real_weights else Cell(RANDOM_WEIGHTS, tone="quiet")
        rows.append(Row(arm.label, (*made, under), arm.role, arm.style.colour))
    for floor in floors:
        made = [_score(scores, floor.name, metric) for metric in metrics]
        tag = "" if "floor" in floor.label.lower() else "floor"
        rows.append(Row(floor.label, (*made, Cell("", tone="quiet")), tag))
    notes = (
        "Recall: held-out interactions found, by the list or, before it, by the candidates for re-ranking. Fidelity: "
        "agreement with the exact fp32 reference. Overlap: agreement between different encoders. Floors need no model "
        "and are not timed. 95 % intervals over users.",
    )
    return Table("Quality, and the floors under it", "Arm or floor", tuple(columns), tuple(rows), notes)


def _score(scores: pd.DataFrame, name: object, metric: str) -> Cell:
    found = scores[(scores["arm"] == name) & (scores["metric"] == metric)].to_dict("records")
    if not found:
        return Cell(note="not measured", tone="quiet")
    row = found[0]
    return cells.value_cell({"value": row["value"], "value_low": row["low"], "value_high": row["high"]}, "value")


def _under(scores: pd.DataFrame, name: str, floors: tuple[Floor, ...]) -> Cell:
    """Which floors find more than this arm, and whether the intervals leave that open."""
    found = scores[(scores["arm"] == name) & (scores["metric"] == "recall")].to_dict("records")
    if not found or math.isnan(found[0]["value"]):
        return Cell(note="no recall was measured", tone="quiet")
    recall, high = found[0]["value"], found[0]["high"]
    above = [floor for floor in floors if floor.value > recall]
    if not above:
        return Cell("no")
    names = ", ".join(f"{floor.label}{' (intervals overlap)' if high >= floor.low else ''}" for floor in above)
    return Cell(f"under {names}", tone="bad")
