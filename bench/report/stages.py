"""The stages of a request as a report shows them: their families, their colours, and their sum around a percentile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.statements import Statements
from bench.report.subjects import Arm, LoadPoint, measured_arms

MODEL_RERANK = "rerank by model"

COLOURS = {
    "queue": "#d0d0d0",
    "network": "#7d7d7d",
    "serialise": "#5a5a5a",
    "service": "#b58f5f",
    "clean": "#d3efe4",
    "profile": "#8fd6b9",
    "prepare": "#8ec4e8",
    "batch_wait": "#a8a8a8",
    "encode": "#0072b2",
    "index": "#5cbf98",
    "retrieve": "#009e73",
    "rank": "#007353",
    "first_token": "#5a6fd0",
    "more_tokens": "#a9b4ec",
    "rerank": "#00503a",
    MODEL_RERANK: "#003f6b",
    "update": "#b5e3cf",
    "respond": "#3f8f74",
}
"""Stages in the order in which a request passes them. Greys wait or travel, blues encode, greens are the rest.

A system that does not say what it does is brown.
"""

ENCODER = ("prepare", "encode", "first_token", "more_tokens", MODEL_RERANK)


@dataclass(frozen=True, slots=True)
class StageBar:
    """The mean stages of one arm's requests around one percentile, ms, in the order of COLOURS."""

    arm: Arm
    around: str
    stages_ms: dict[str, float]

    @property
    def total_ms(self) -> float:
        """The sum of the stages: the mean response time of those requests."""
        return sum(self.stages_ms.values())

    def share(self, stages: Sequence[str]) -> float:
        """The part of the total that these stages take, 0 to 1."""
        part_ms = sum(self.stages_ms.get(stage, 0.0) for stage in stages)
        return part_ms / self.total_ms if self.total_ms else 0.0


def stage_bars(statements: Statements, point: LoadPoint, around: Sequence[str]) -> list[StageBar]:
    """One bar an arm and percentile ("p50", "p99"); none for an arm that is saturated there or has no finite stages."""
    rows, summary = point.rows(statements.stages), point.rows(statements.summary)
    saturated = set(summary.loc[summary["saturated"].astype(bool), "arm"])
    bars = []
    for arm in measured_arms(statements):
        for percentile in around:
            here = rows[(rows["arm"] == arm.name) & (rows["around"] == percentile)]
            stages_ms = dict(zip(here["stage"], here["ms"].astype(float), strict=True))
            known = bool(stages_ms) and all(math.isfinite(ms) for ms in stages_ms.values())
            if known and sum(stages_ms.values()) > 0 and arm.name not in saturated:
                bars.append(StageBar(arm, percentile, _in_order(stages_ms, arm)))
    return bars


def _in_order(stages_ms: dict[str, float], arm: Arm) -> dict[str, float]:
    """Stages as a request passes them; re-ranking is a model's work where the arm has a re-ranker.

    A stage that this report does not know goes to the end under the name of `respond`, so that the sum stays exact.
    """
    named = dict.fromkeys(COLOURS, 0.0)
    for stage, ms in stages_ms.items():
        name = MODEL_RERANK if stage == "rerank" and arm.reranks else stage
        named[name if name in COLOURS else "respond"] += ms
    return named
