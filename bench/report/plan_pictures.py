"""The pictures of a plan: the check against measured points, replicas by rate, replicas and memory by items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.analysis.plan.held_out import largest_error
from bench.analysis.plan.statement import ArmPlan, Plan
from bench.quantities import count, quantity
from bench.report import gutter
from bench.report.axes import log_ms_axis, plain, slo_label, slo_line, slo_text
from bench.report.drawing import Picture, png_bytes, svg_bytes
from bench.report.plan_words import check_words, items_words, rate_words
from bench.report.style import FAINT, NOTE_PT, RC, RULE, WIDTH_IN, ArmStyle, arm_styles

BOTTOM_IN, HEIGHT_IN, TOP_IN, BETWEEN_IN = 0.52, 2.9, 0.34, 0.66
GB = 1e9
HIGHEST_OVER = 3.0
"""Curves are cut so many times over the limit: how fast a queue without end grows tells nothing."""
UNBOUNDED_REACH = 1.4
"""How far up, as a factor, an interval is dotted whose upper bound does not exist."""
EXTRAPOLATED = "dashed: extrapolated"
POWERS = {3: "thousand", 6: "million", 9: "billion"}
Line = Sequence[tuple[float, float]]


def draw_plan(plan: Plan) -> tuple[Picture, ...]:
    """All of them, in the order of the page."""
    with matplotlib.rc_context(RC):
        return _check(plan), _by_rate(plan), _by_items(plan)


def _check(plan: Plan) -> Picture:
    name, slo_ms = plan.asked.slo.name, plan.asked.slo.limit_ms
    texts = [_with_error(arm) for arm in plan.arms]
    figure, (axes,) = _figure([*texts, slo_text(slo_ms)], 1)
    curves = [[(rate, told.tail_ms.point) for rate, told in arm.curve if told.tail_ms.point <= HIGHEST_OVER * slo_ms]
              for arm in plan.arms]  # fmt: skip
    measured = [point for arm in plan.arms for point in arm.checks]
    values = [value for curve in curves for _, value in curve] + [slo_ms]
    values += [point.measured.tail.point for point in measured]
    low, high = log_ms_axis(axes.yaxis, [value for value in values if value <= HIGHEST_OVER * slo_ms] or values)
    rates = [rate for curve in curves for rate, _ in curve] + [point.rate_per_s for point in measured]
    _log_axis(axes, "x", min(rates) / 1.15, max(rates) * 1.15)
    slo_line(axes, slo_ms)
    labels = []
    for arm, style, curve, text in zip(plan.arms, _styles(plan), curves, texts, strict=True):
        axes.plot(*_columns(curve), color=style.colour, linewidth=1.5, alpha=0.85)
        _draw_points(axes, arm, style)
        end = curve[-1] if curve else (axes.get_xlim()[1], high)
        labels.append(gutter.Label(text, *end, style))
    axes.set_xlabel("Offered rate to one replica (requests/s)")
    axes.set_ylabel(f"{name} of response time (ms)")
    axes.set_title(f"{name} of one replica, predicted and measured")
    gutter.write_labels(axes, labels + slo_label(axes, slo_ms))
    return Picture(*check_words(plan), svg=svg_bytes(figure), png=png_bytes(figure))


def _draw_points(axes: Axes, arm: ArmPlan, style: ArmStyle) -> None:
    """The held-out points with their intervals, kept inside the axes."""
    low, high = axes.get_ylim()
    for point in arm.checks:
        rate, tail = point.rate_per_s, point.measured.tail
        top = tail.high if math.isfinite(tail.high) else tail.point
        axes.vlines(rate, max(tail.low, low), min(top, high), color=style.colour, linewidth=2.4, alpha=0.3)
        if math.isinf(tail.high):
            axes.vlines(rate, top, min(top * UNBOUNDED_REACH, high), color=style.colour, linewidth=1.0, linestyle=":")
        look: dict[str, Any] = {"marker": style.marker, "markersize": style.marker_size + 1, "color": style.colour}
        axes.plot(rate, min(tail.point, high), markeredgecolor="white", markeredgewidth=0.6, zorder=3, **look)


def _by_rate(plan: Plan) -> Picture:
    asked = plan.asked.rate_per_s
    texts = [f"{gutter.wrapped(arm.label)}\n{_needed(arm)} at {quantity(asked, '/s')}" for arm in plan.arms]
    figure, (axes,) = _figure(texts, 1)
    lines = [[(rate, float(n)) for rate, n in arm.by_rate if n is not None] for arm in plan.arms]
    values = [n for line in lines for _, n in line] or [1.0]
    _log_axis(axes, "x", 80.0, 125_000.0)
    _log_axis(axes, "y", 0.7, max(10.0, 1.8 * max(values)))
    axes.axvline(asked, color=RULE, linewidth=0.9, linestyle="--", zorder=1.5)
    labels = []
    for arm, style, line, text in zip(plan.arms, _styles(plan), lines, texts, strict=True):
        _draw_line(axes, line, arm.measured_up_to_per_s, style)
        if line and len(line) < len(arm.by_rate):
            axes.plot(*line[-1], marker="x", color=style.colour, markersize=7, markeredgewidth=1.6, zorder=4)
        labels.append(gutter.Label(text, *(line[-1] if line else (axes.get_xlim()[1], axes.get_ylim()[1])), style))
    _note(axes)
    axes.set_xlabel("Offered rate (requests/s)")
    axes.set_ylabel("Replicas")
    axes.set_title(f"Replicas for {plan.asked.slo.text}")
    gutter.write_labels(axes, labels)
    return Picture(*rate_words(plan), svg=svg_bytes(figure), png=png_bytes(figure))


def _by_items(plan: Plan) -> Picture:
    arms = [arm for arm in plan.arms if arm.by_items]
    if not arms:
        return Picture(*items_words(plan), absent="No arm's index was measured.")
    styles = {arm.name: style for arm, style in zip(plan.arms, _styles(plan), strict=True)}
    texts = [gutter.wrapped(arm.label) for arm in arms]
    figure, (left, right) = _figure([*texts, "memory"], 2)
    counts = [float(point.replicas) for arm in arms for point in arm.by_items if point.replicas is not None]
    _log_axis(left, "y", 0.7 * min(counts, default=1.0), 1.8 * max(counts, default=10.0))
    ram_gb = arms[0].means.ram_bytes / GB
    held = [[(point.n_items, point.index_bytes / GB) for point in arm.by_items if point.index_bytes] for arm in arms]
    sizes = [value for line in held for _, value in line] or [ram_gb]
    _log_axis(right, "y", min(sizes) / 2, 2 * max(*sizes, ram_gb))
    right.axhline(ram_gb, color=RULE, linewidth=0.9, linestyle="--", zorder=1.5)
    labels = [gutter.Label("memory", 1.3e9, ram_gb)]
    for axes, title, label in ((left, "A  Replicas", "Replicas"), (right, "B  Index of one replica (GB)", "")):
        _log_axis(axes, "x", 700.0, 1.4e9, many=True)
        axes.set_xlabel("Items")
        axes.set_ylabel(label)
        axes.set_title(title)
    for arm, line, text in zip(arms, held, texts, strict=True):
        style, searched = styles[arm.name], float(arm.search.items[1]) if arm.search else 0.0
        replicas = [(point.n_items, float(point.replicas)) for point in arm.by_items if point.replicas is not None]
        _draw_line(left, replicas, searched, style)
        if replicas and len(replicas) < len(arm.by_items):
            left.plot(*replicas[-1], marker="x", color=style.colour, markersize=7, markeredgewidth=1.6, zorder=4)
        _draw_line(right, line, searched, style)
        labels.append(gutter.Label(text, *line[-1], style) if line else gutter.Label(text, 1e9, ram_gb, style))
    _note(left)
    gutter.write_labels(right, labels)
    return Picture(*items_words(plan), svg=svg_bytes(figure), png=png_bytes(figure))


def _figure(texts: Sequence[str], panels: int) -> tuple[Figure, list[Axes]]:
    """Panels side by side with a gutter for these texts at the right."""
    height_in = max(HEIGHT_IN, gutter.labels_height_in(texts))
    figure = Figure(figsize=(WIDTH_IN, BOTTOM_IN + height_in + TOP_IN))
    width_in = (gutter.axes_width_in(gutter.gutter_in(texts)) - BETWEEN_IN * (panels - 1)) / panels
    made = []
    for place in range(panels):
        left_in = gutter.LEFT_IN + place * (width_in + BETWEEN_IN)
        made.append(gutter.add_axes_in(figure, (left_in, BOTTOM_IN, width_in, height_in)))
    return figure, made


def _draw_line(axes: Axes, line: Line, measured_up_to: float, style: ArmStyle) -> None:
    """Solid as far as it was measured, dashed beyond; they meet."""
    solid = [point for point in line if point[0] <= measured_up_to]
    beyond = line[max(0, len(solid) - 1) :]
    if len(solid) > 1:
        axes.plot(*_columns(solid), color=style.colour)
    axes.plot(*_columns(beyond), color=style.colour, linestyle=(0, (4, 2)), alpha=0.9)
    look: dict[str, Any] = {"marker": style.marker, "markersize": 0.8 * style.marker_size, "color": style.colour}
    axes.plot(*_columns(line), linestyle="", markeredgecolor="white", markeredgewidth=0.4, zorder=3, **look)


def _columns(line: Line) -> tuple[list[float], list[float]]:
    return [x for x, _ in line], [y for _, y in line]


def _log_axis(axes: Axes, which: str, low: float, high: float, *, many: bool = False) -> None:
    """Logarithmic, a tick a decade, or fewer where that would crowd. many: large numbers, written in words."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    step = 3 if many else max(1, math.ceil(len(decades) / 7))
    ticks = [10.0**decade for decade in decades if not (decade - decades[0]) % step]
    if len(ticks) < 3 and not many:
        ticks = [digit * 10.0**decade for decade in (decades[0] - 1, *decades) for digit in (1, 2, 5)]
        ticks = [tick for tick in ticks if low <= tick <= high]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: _in_words(value) if many else plain(value)))


def _in_words(value: float) -> str:
    return f"1 {POWERS[round(math.log10(value))]}"


def _note(axes: Axes) -> None:
    axes.annotate(EXTRAPOLATED, (0, 1), xycoords="axes fraction", xytext=(4, -3), va="top", textcoords="offset points",
                  fontsize=NOTE_PT, color=FAINT)  # fmt: skip


def _with_error(arm: ArmPlan) -> str:
    return f"{gutter.wrapped(arm.label)}\noff by {100 * largest_error(arm.checks):.0f} % at most"


def _needed(arm: ArmPlan) -> str:
    if arm.replicas is None:
        return "none suffices"
    return f"{count(arm.replicas)} replica" + "s" * (arm.replicas != 1)


def _styles(plan: Plan) -> tuple[ArmStyle, ...]:
    return arm_styles([arm.role for arm in plan.arms])
