"""Latency by percentile, one decade a nine: where the median ends and the tail begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.analysis.selection import Selection
from bench.analysis.statements import Statements
from bench.report import gutter
from bench.report.axes import log_ms_axis, percentile_axis, slo_label, slo_line, slo_text
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import ARM_COLOURS, WIDTH_IN
from bench.report.subjects import ANSWERED, Arm, LoadPoint, measured_arms, shared_point, single_stream, slo_p99_ms

POINTS = 250
ENOUGH_BEYOND = 10
MARKED = (0.5, 0.9, 0.99)
MOST_BANDS = len(ARM_COLOURS) + 1
BOTTOM_IN, BETWEEN_IN, TOP_IN, LEAST_HEIGHT_IN = 0.52, 0.85, 0.32, 2.3

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One arm's order statistics. ms: sorted, +inf for requests without an answer; blocks: the same for each block."""

    arm: Arm
    ms: Array
    blocks: tuple[Array, ...]


@FIGURES.register("tail")
class Tail:
    """Response time by percentile for each arm, alone in single stream and under load at the shared rate."""

    title = "Latency by percentile"
    caption = (
        "Response time at each percentile, one line an arm, on an axis that gives each further nine the same room. "
        "Solid where at least 10 requests lie beyond, dotted where fewer do; the band is the range of the blocks."
    )
    how_to_read = (
        "A flat line is an even service; a line that climbs to the right makes some users wait much longer than most. "
        "Do not read the dotted part: too few requests stand behind it. A line that ends with an upward arrow reaches "
        "requests that were never answered. A wide band means that the blocks of the run disagree."
    )
    order = 30

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw when the run has neither a single_stream nor a shared server load."""
        panels = _panels(statements)
        texts = [gutter.wrapped(arm.label) for arm in measured_arms(statements)]
        texts.append(slo_text(slo_p99_ms(statements)))
        panel_in = max(LEAST_HEIGHT_IN, gutter.labels_height_in(texts))
        height_in = BOTTOM_IN + TOP_IN + len(panels) * panel_in + (len(panels) - 1) * BETWEEN_IN
        figure = Figure(figsize=(WIDTH_IN, height_in))
        width_in = gutter.axes_width_in(gutter.gutter_in(texts))
        for place, (point, curves) in enumerate(panels.items()):
            bottom_in = BOTTOM_IN + (len(panels) - 1 - place) * (panel_in + BETWEEN_IN)
            axes = gutter.add_axes_in(figure, (gutter.LEFT_IN, bottom_in, width_in, panel_in))
            _draw_panel(axes, curves, slo_p99_ms(statements))
            letter = f"{'AB'[place]}  " if len(panels) > 1 else ""
            axes.set_title(f"{letter}{self.title}, {point.name}")
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """How many requests stand behind the lines, and whether bands were left out."""
        notes = []
        for point, curves in _panels(statements).items():
            sizes = [curve.ms.size for curve in curves]
            notes.append(f"{point.name.capitalize()}: {_range(sizes)} counted requests an arm.")
        if len(measured_arms(statements)) > MOST_BANDS:
            notes.append(f"Bands are left out with more than {MOST_BANDS} arms.")
        return tuple(notes)


def _panels(statements: Statements) -> dict[LoadPoint, list[Curve]]:
    """Single stream and the shared rate, those of them at which an arm has answered."""
    points = [point for point in (single_stream(statements), shared_point(statements)) if point is not None]
    panels = {point: _curves(statements, point) for point in points}
    panels = {point: curves for point, curves in panels.items() if curves}
    if not panels:
        raise NothingToDraw("The run has no single_stream load and no server rate that all arms share.")
    return panels


def _curves(statements: Statements, point: LoadPoint) -> list[Curve]:
    requests = statements.requests
    here = point.here(requests) & requests["counted"]
    curves = []
    for arm in measured_arms(statements):
        rows = Selection.where(requests, here & (requests["arm"] == arm.name))
        ms, block = _response_ms(rows), rows["block"].to_numpy()
        if np.isfinite(ms).any():
            blocks = tuple(np.sort(ms[block == number]) for number in np.unique(block))
            curves.append(Curve(arm, np.sort(ms), blocks))
    return curves


def _response_ms(rows: Selection) -> Array:
    """Response times from the intended instant; +inf without an answer."""
    ms = (rows["observed_ns"] - rows["intended_ns"]).to_numpy(np.float64) / 1e6
    return np.where(rows["outcome"] == ANSWERED, ms, np.inf)


def _range(sizes: Sequence[int]) -> str:
    return f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"


def step_points(ms: Array, points: int = POINTS) -> tuple[Array, Array]:
    """Steps (to be drawn "post") of the exact order statistic over x = 1 / (1 − p).

    The p-quantile of n values is x(⌈np⌉), so the i-th value holds for p in ((i − 1)/n, i/n]: its step begins at
    n / (n − i + 1). Thinned to about `points` steps, evenly on the log axis; the last values are all kept.
    """
    n = ms.size
    if n <= points:
        ranks = np.arange(1, n + 1)
    else:
        ranks = np.unique(np.round(n + 1 - np.geomspace(n, 1, points)).astype(np.int64))
    return n / (n - ranks + 1.0), ms[ranks - 1]


def _draw_panel(axes: Axes, curves: list[Curve], slo_ms: float | None) -> None:
    percentile_axis(axes, max(curve.ms.size for curve in curves))
    finite = [value for curve in curves for value in (_at(curve.ms, 0.33), _largest(curve.ms))]
    log_ms_axis(axes.yaxis, [*finite, slo_ms] if slo_ms else finite)
    axes.set_ylabel("Response time (ms), lower is better")
    slo_line(axes, slo_ms)
    ends = []
    for curve in curves:
        if len(curves) <= MOST_BANDS:
            _draw_band(axes, curve)
        ends.append((curve, *_draw_curve(axes, curve)))
    labels = [gutter.Label(gutter.wrapped(curve.arm.label), x, y, curve.arm.style) for curve, x, y in ends]
    gutter.write_labels(axes, labels + slo_label(axes, slo_ms))


def _draw_curve(axes: Axes, curve: Curve) -> tuple[float, float]:
    """The line, its markers at p50, p90 and p99, and its end (x, ms)."""
    style, n = curve.arm.style, curve.ms.size
    x, ms = step_points(curve.ms)
    x, ms = x[np.isfinite(ms)], ms[np.isfinite(ms)]
    sure = n / x >= ENOUGH_BEYOND
    last = max(int(sure.sum()) - 1, 0)
    line: dict[str, Any] = {"color": style.colour, "drawstyle": "steps-post"}
    axes.plot(x[: last + 1], ms[: last + 1], **line)
    axes.plot(x[last:], ms[last:], linestyle=":", linewidth=1.1, **line)
    marked = [p for p in MARKED if n * (1 - p) >= ENOUGH_BEYOND and math.isfinite(_at(curve.ms, p))]
    axes.plot(
        [1 / (1 - p) for p in marked], [_at(curve.ms, p) for p in marked], linestyle="", marker=style.marker,
        color=style.colour, markersize=style.marker_size, markeredgecolor="white", markeredgewidth=0.5, zorder=3,
    )  # fmt: skip
    if np.isinf(curve.ms[-1]):
        axes.annotate("", (x[-1], ms[-1]), xytext=(0, 12), textcoords="offset points", zorder=4,
                      arrowprops={"arrowstyle": "<-", "color": style.colour, "linewidth": 1.2})  # fmt: skip
    return float(x[-1]), float(ms[-1])


def _draw_band(axes: Axes, curve: Curve) -> None:
    """The range over the blocks, as far as each of them has a request beyond."""
    shortest = min((block.size for block in curve.blocks), default=0)
    if len(curve.blocks) < 2 or shortest < 2 * ENOUGH_BEYOND:
        return
    x = np.geomspace(1.5, shortest / 2, 80)
    over_blocks = np.array([[_at(block, 1 - 1 / at) for at in x] for block in curve.blocks])
    low, high = over_blocks.min(axis=0), over_blocks.max(axis=0)
    high = np.where(np.isfinite(high), high, axes.get_ylim()[1])
    axes.fill_between(x, low, high, color=curve.arm.style.colour, alpha=0.13, linewidth=0, zorder=1.3)


def _at(ms: Array, p: float) -> float:
    """The p-quantile x(⌈np⌉) of sorted values."""
    return float(ms[max(math.ceil(ms.size * p - 1e-9), 1) - 1])


def _largest(ms: Array) -> float:
    return float(ms[np.isfinite(ms)][-1])
