"""Quality and cost: what each arm finds against how long its slowest percent waits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.analysis.statements import Statements
from bench.analysis.stats.pareto import non_dominated
from bench.report import gutter
from bench.report.axes import HALO, log_ms_axis, slo_text
from bench.report.beside import Box, Ground, Mark, place_beside
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.key import key_height_in, write_key
from bench.report.style import FAINT, LABEL_PT, NOTE_PT, RULE, WIDTH_IN
from bench.report.subjects import (
    Arm,
    LoadPoint,
    floors_of,
    measured_arms,
    records,
    shared_point,
    single_stream,
    slo_p99_ms,
    top_k,
)

PERCENTILES = ("p99", "p90", "p50")
BOTTOM_IN, TOP_IN, HEIGHT_IN = 0.52, 0.32, 3.1
UNBOUNDED_REACH = 1.25
"""How far, as a factor, a cross is dotted where its upper bound does not exist."""
MARKER_SCALE = 1.25
AIR_SHARE = 0.07


@dataclass(frozen=True, slots=True)
class Spot:
    """One arm as a point: cost (ms) and recall, each with its interval (low, high)."""

    arm: Arm
    cost_ms: float
    cost_interval_ms: tuple[float, float]
    recall: float
    recall_interval: tuple[float, float]


@FIGURES.register("quality_cost")
class QualityCost:
    """Recall against latency, one point an arm, with the arms that nothing beats joined by a step."""

    title = "Quality and cost"
    caption = (
        "Recall of held-out interactions, over all requests of the run, against response time at a load point that "
        "every arm served, one point an arm. Crosses are 95 % intervals, dotted where so few independent requests give "
        "no upper bound; dotted lines across are floors, which need no model."
    )
    how_to_read = (
        "Up is better recall, left is faster. The step joins the arms that no other arm beats in both. An arm right of "
        "the step and under it costs more and finds less; one under a dotted line finds less than that floor, which "
        "costs next to nothing. Where two crosses overlap the run does not tell the arms apart."
    )
    order = 10

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw without a shared load point or without an arm that has recall and a percentile."""
        point, percentile = _where(statements)
        spots = _spots(statements, point, percentile)
        figure = _draw(statements, spots, percentile, key_in=0.0)
        if not _name_beside(figure.axes[0], spots, statements):
            key_in = key_height_in([(spot.arm.label, spot.arm.style) for spot in spots])
            figure = _draw(statements, spots, percentile, key_in)
            ranked = sorted(spots, key=lambda spot: -spot.recall)
            write_key(figure, [(spot.arm.label, spot.arm.style) for spot in ranked], key_in)
        figure.axes[0].set_title(f"{self.title}, {point.name}")
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """The load point, and the arms that are not drawn."""
        point, percentile = _where(statements)
        drawn = {spot.arm.name for spot in _spots(statements, point, percentile)}
        missing = [arm for arm in measured_arms(statements) if arm.name not in drawn]
        notes = [f"Load point: {point.name}."]
        random = [arm.label for arm in missing if not arm.real_weights]
        if random:
            notes.append(f"Not drawn, because random weights have no quality: {', '.join(random)}.")
        other = [arm.label for arm in missing if arm.real_weights]
        if other:
            notes.append(f"Not drawn, because saturated or without recall or {percentile} there: {', '.join(other)}.")
        return tuple(notes)


def _where(statements: Statements) -> tuple[LoadPoint, str]:
    """The load point and the highest percentile that at least one arm owes there."""
    for point in (shared_point(statements), single_stream(statements)):
        for percentile in PERCENTILES:
            if point is not None and _spots(statements, point, percentile):
                return point, percentile
    raise NothingToDraw("No arm has both a recall and a percentile at a load point that all arms share.")


def _spots(statements: Statements, point: LoadPoint, percentile: str) -> list[Spot]:
    rows = {row["arm"]: row for row in records(point.rows(statements.summary))}
    recalls = _recalls(statements)
    spots = []
    for arm in measured_arms(statements):
        row = rows[arm.name]
        cost = float(row[f"{percentile}_ms"])
        recall, *between = recalls.get(arm.name, (math.nan, math.nan, math.nan))
        if arm.real_weights and math.isfinite(cost) and math.isfinite(recall) and not row["saturated"]:
            between_ms = (float(row[f"{percentile}_low_ms"]), float(row[f"{percentile}_high_ms"]))
            spots.append(Spot(arm, cost, between_ms, recall, (between[0], between[1])))
    return spots


def _recalls(statements: Statements) -> dict[str, tuple[float, float, float]]:
    """Recall of each arm over all requests of the run, with its bounds."""
    table = statements.quality
    mine = table[(table["metric"] == "recall") & (table["group"] == "all") & (table["k"] == top_k(statements))]
    return {row["arm"]: (row["value"], row["low"], row["high"]) for row in records(mine)}


def _draw(statements: Statements, spots: list[Spot], percentile: str, key_in: float) -> Figure:
    """Everything but the arms' names; key_in: inches kept free for them under the axes."""
    floors = floors_of(statements, "recall")
    texts = [gutter.wrapped(floor.line_name) for floor in floors]
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN + BOTTOM_IN + TOP_IN + key_in))
    width_in = gutter.axes_width_in(gutter.gutter_in(texts))
    axes = gutter.add_axes_in(figure, (gutter.LEFT_IN, BOTTOM_IN + key_in, width_in, HEIGHT_IN))
    high_ms = log_ms_axis(axes.xaxis, [v for s in spots for v in (s.cost_ms, *s.cost_interval_ms)])[1]
    values = [floor.value for floor in floors]
    _recall_limits(axes, spots, values)
    _draw_step(axes, spots, high_ms)
    for spot in spots:
        _draw_spot(axes, spot, high_ms)
    for value in values:
        axes.axhline(value, color=FAINT, linewidth=0.9, linestyle=":", zorder=1.4)
    if percentile == "p99":
        _draw_slo(axes, slo_p99_ms(statements))
    axes.set_xlabel(f"{percentile} response time (ms), lower is better")
    axes.set_ylabel(f"Recall@{top_k(statements)}, higher is better")
    gutter.write_labels(axes, [gutter.Label(t, high_ms, v) for t, v in zip(texts, values, strict=True)])
    return figure


def _front(spots: list[Spot]) -> list[tuple[float, float]]:
    """Cost (ms) and recall of the arms that no other arm beats in both, the fastest first."""
    kept = non_dominated([spot.cost_ms for spot in spots], [spot.recall for spot in spots])
    return sorted((spot.cost_ms, spot.recall) for spot, stays in zip(spots, kept, strict=True) if stays)


def _draw_step(axes: Axes, spots: list[Spot], high_ms: float) -> None:
    """The Pareto step: from each arm that nothing beats to the next slower one."""
    front = _front(spots)
    x, y = [cost for cost, _ in front] + [high_ms], [recall for _, recall in front] + [front[-1][1]]
    axes.step(x, y, where="post", color=RULE, linewidth=1.0, alpha=0.5, zorder=1.6)


def _draw_spot(axes: Axes, spot: Spot, high_ms: float) -> None:
    """The arm's marker and its cross; dotted where there is no upper bound."""
    style, (low_ms, above_ms), (low, high) = spot.arm.style, spot.cost_interval_ms, spot.recall_interval
    line: dict[str, Any] = {"color": style.colour, "linewidth": 0.9, "alpha": 0.8, "zorder": 2}
    if not (math.isnan(low_ms) or math.isnan(above_ms)):
        bounded = math.isfinite(above_ms)
        axes.plot([low_ms, above_ms if bounded else spot.cost_ms], [spot.recall] * 2, **line)
        if not bounded:
            beyond_ms = min(spot.cost_ms * UNBOUNDED_REACH, high_ms)
            axes.plot([spot.cost_ms, beyond_ms], [spot.recall] * 2, linestyle=":", **line)
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([spot.cost_ms] * 2, [low, high], **line)
    axes.plot(
        spot.cost_ms, spot.recall, marker=style.marker, color=style.colour, markersize=MARKER_SCALE * style.marker_size,
        markeredgecolor="white", markeredgewidth=0.6, zorder=3,
    )  # fmt: skip


def _draw_slo(axes: Axes, slo_ms: float | None) -> None:
    """The limit on p99 as an upright dashed line, where the axis reaches it."""
    low_ms, high_ms = axes.get_xlim()
    if slo_ms is None or not low_ms < slo_ms < high_ms:
        return
    axes.axvline(slo_ms, color=RULE, linewidth=0.9, linestyle="--", zorder=1.5)
    left = math.log(slo_ms / low_ms) > 0.8 * math.log(high_ms / low_ms)
    axes.annotate(
        slo_text(slo_ms), (slo_ms, 0), xycoords=("data", "axes fraction"), xytext=(-4 if left else 4, 4),
        textcoords="offset points", ha="right" if left else "left", fontsize=NOTE_PT, color=RULE, path_effects=HALO,
    )  # fmt: skip


def _recall_limits(axes: Axes, spots: list[Spot], floors: list[float]) -> None:
    bounds = [b for spot in spots for b in (spot.recall, *spot.recall_interval)] + floors
    finite = [bound for bound in bounds if math.isfinite(bound)]
    air = AIR_SHARE * (max(finite) - min(finite)) or 0.01
    axes.set_ylim(min(finite) - air, max(finite) + air)


def _name_beside(axes: Axes, spots: list[Spot], statements: Statements) -> bool:
    """Write each arm's name beside its point where all of them find room; says whether they did."""
    texts = [gutter.wrapped(spot.arm.label) for spot in spots]
    sizes = [(gutter.text_width_pt(text) + 2, gutter.Label(text, 0, 0).height_pt - 2) for text in texts]
    width_pt, height_pt = (side / axes.figure.dpi * gutter.POINTS_PER_INCH for side in axes.bbox.size)
    marks = [_mark(axes, spot) for spot in spots]
    crosses = tuple(box for mark in marks for box in _cross(mark))
    ground = Ground(Box(3, 16, width_pt - 2, height_pt), crosses, tuple(_lines(axes, spots, statements)))
    boxes = place_beside(marks, sizes, ground)
    if boxes is None:
        return False
    for spot, text, box in zip(spots, texts, boxes, strict=True):
        axes.annotate(
            text, (0, 0), xycoords="axes fraction", xytext=(box.left + 1, (box.bottom + box.top) / 2), va="center",
            textcoords="offset points", fontsize=LABEL_PT, color=spot.arm.style.text_colour, linespacing=1.1,
            path_effects=HALO, zorder=5,
        )  # fmt: skip
    return True


def _at_pt(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """A data point in points from the axes' lower left; what lies beyond the right edge is put there."""
    across, up = axes.transData.transform((min(x, axes.get_xlim()[1]), y)) - axes.bbox.min
    scale = gutter.POINTS_PER_INCH / axes.figure.dpi
    return float(across * scale), float(up * scale)


def _mark(axes: Axes, spot: Spot) -> Mark:
    (x, y), half = _at_pt(axes, spot.cost_ms, spot.recall), 5.0
    left, right, bottom, top = x - half, x + half, y - half, y + half
    if not math.isnan(sum(spot.cost_interval_ms)):
        low, high = (_at_pt(axes, bound, spot.recall)[0] for bound in spot.cost_interval_ms)
        left, right = min(left, low), max(right, high)
    if math.isfinite(sum(spot.recall_interval)):
        low, high = (_at_pt(axes, spot.cost_ms, bound)[1] for bound in spot.recall_interval)
        bottom, top = min(bottom, low), max(top, high)
    return Mark(x, y, Box(left, bottom, right, top))


def _cross(mark: Mark) -> tuple[Box, Box, Box]:
    """What a marker and the two arms of its cross fill."""
    x, y, reach = mark.x, mark.y, mark.reach
    marker = Box(x - 5, y - 5, x + 5, y + 5)
    return marker, Box(reach.left, y - 1, reach.right, y + 1), Box(x - 1, reach.bottom, x + 1, reach.top)


def _lines(axes: Axes, spots: list[Spot], statements: Statements) -> list[Box]:
    """Boxes of the lines that names had better not cross: floors, the limit and the step."""
    width_pt, height_pt = (side / axes.figure.dpi * gutter.POINTS_PER_INCH for side in axes.bbox.size)
    low_ms = axes.get_xlim()[0]
    floors = [_at_pt(axes, low_ms, floor.value)[1] for floor in floors_of(statements, "recall")]
    boxes = [Box(0, y - 1.5, width_pt, y + 1.5) for y in floors]
    slo_ms = slo_p99_ms(statements)
    if slo_ms is not None and slo_ms > low_ms:
        x = _at_pt(axes, slo_ms, 0)[0]
        boxes.append(Box(x - 2, 0, x + 2, height_pt))
    corners = [_at_pt(axes, cost_ms, recall) for cost_ms, recall in _front(spots)] + [(width_pt, math.inf)]
    for (x, y), (next_x, next_y) in pairwise(corners):
        boxes += [Box(x, y - 1, next_x, y + 1), Box(next_x - 1, y, next_x + 1, next_y)]
    return boxes
