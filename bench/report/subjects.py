"""What the tables and pictures speak of: the arms of a run, and the load points at which they can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.analysis.roles import has_real_weights
from bench.analysis.shared_rate import shared_rate
from bench.analysis.statements import Statements
from bench.quantities import quantity
from bench.report.style import ArmStyle, arm_styles

if TYPE_CHECKING:
    import pandas as pd

MEASURED = "measured"
ANSWERED = "answered"
RECOMMEND = "recommend"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of the scenario. status: "measured", "skipped" or "failed", the last two with a reason.

    reranks: whether a model orders its candidates anew.
    """

    name: str
    label: str
    role: str
    status: str
    reason: str
    placement: str
    real_weights: bool
    reranks: bool
    style: ArmStyle


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One load at one offered rate (requests/s; NaN for a load without one)."""

    load: str
    kind: str
    offered_per_s: float

    @property
    def name(self) -> str:
        """As people say it: `single stream`, `server at 10/s`."""
        name = self.load.replace("_", " ")
        return name if math.isnan(self.offered_per_s) else f"{name} at {rate(self.offered_per_s)}"

    def here(self, frame: pd.DataFrame) -> pd.Series:
        """Which of the frame's rows are recommend requests at this point (a frame without request kinds: any rows)."""
        here = frame["load"] == self.load
        offered = frame["offered_per_s"]
        here &= offered.isna() if math.isnan(self.offered_per_s) else offered == self.offered_per_s
        if "request_kind" in frame:
            here &= frame["request_kind"] == RECOMMEND
        return here

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame's rows of recommend requests at this point."""
        return frame[self.here(frame)]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as plain mappings from column to value."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def rate(per_s: float) -> str:
    """A rate as its scenario writes it: `10/s`, `2.5/s`, `1,200/s`."""
    return f"{per_s:,g}/s" if per_s < 1e6 else quantity(per_s, "/s")


@dataclass(frozen=True, slots=True)
class Floor:
    """What a recommender without any model reaches in one metric, with its interval."""

    name: str
    label: str
    value: float
    low: float
    high: float

    @property
    def line_name(self) -> str:
        """Its name beside a line, where the word floor must stand."""
        if "floor" in self.label.lower():
            return self.label
        is_word = self.label[1:2].islower()
        return f"Floor: {self.label[:1].lower() if is_word else self.label[:1]}{self.label[1:]}"


def floors_of(statements: Statements, metric: str) -> tuple[Floor, ...]:
    """The floors scored in the metric ("recall", "ndcg") at the scenario's k over all users."""
    table = statements.quality
    here = table["is_floor"].astype(bool) & (table["metric"] == metric) & (table["group"] == "all")
    found = table[here & (table["k"] == top_k(statements)) & table["value"].notna()]
    columns = ["arm", "label", "value", "low", "high"]
    return tuple(Floor(*row) for row in found[columns].itertuples(index=False))


def arms_of(statements: Statements) -> tuple[Arm, ...]:
    """All arms in the scenario's order, skipped and failed ones too."""
    described = statements.run["arms"]
    styles = arm_styles([arm["role"] for arm in described])
    return tuple(
        Arm(
            name=arm["name"],
            label=arm["label"] or arm["name"],
            role=arm["role"],
            status=arm["status"],
            reason=arm["reason"],
            placement=arm["placement"],
            real_weights=has_real_weights(arm),
            reranks=bool(arm.get("reranker")),
            style=style,
        )
        for arm, style in zip(described, styles, strict=True)
    )


def measured_arms(statements: Statements) -> tuple[Arm, ...]:
    """The arms that were measured, in the scenario's order."""
    return tuple(arm for arm in arms_of(statements) if arm.status == MEASURED)


def load_points(statements: Statements) -> tuple[LoadPoint, ...]:
    """Every load point of the run, in the order in which it was measured."""
    points = statements.summary[["load", "load_kind", "offered_per_s"]].drop_duplicates()
    return tuple(LoadPoint(*row) for row in points.itertuples(index=False))


def points_of_kind(statements: Statements, kind: str) -> tuple[LoadPoint, ...]:
    """The load points of one kind ("single_stream", "server", "offline") that every measured arm has."""
    arms = {arm.name for arm in measured_arms(statements)}
    points = [point for point in load_points(statements) if point.kind == kind]
    return tuple(point for point in points if arms <= set(point.rows(statements.summary)["arm"]))


def single_stream(statements: Statements) -> LoadPoint | None:
    """The first single_stream load that every measured arm has."""
    return _first(points_of_kind(statements, "single_stream"))


def offline(statements: Statements) -> LoadPoint | None:
    """The first offline load that every measured arm has."""
    return _first(points_of_kind(statements, "offline"))


def shared_point(statements: Statements) -> LoadPoint | None:
    """The server load point at which the arms are compared; the lowest rate measured when none is sustained by all."""
    points = sorted(points_of_kind(statements, "server"), key=lambda point: point.offered_per_s)
    shared = shared_rate(statements.summary)
    return next((point for point in points if (point.load, point.offered_per_s) == shared), _first(points))


def slo_p99_ms(statements: Statements) -> float | None:
    """The scenario's limit on p99 in ms; None without one."""
    return (statements.run["scenario"].get("slo") or {}).get("p99_ms")


def top_k(statements: Statements) -> int:
    """The length of a recommendation list, as the scenario has it."""
    return int(statements.run["scenario"]["requests"]["k"])


def _first(points: Sequence[LoadPoint]) -> LoadPoint | None:
    return points[0] if points else None
