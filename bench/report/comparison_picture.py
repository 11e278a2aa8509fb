"""Arms of several runs side by side: p50 and p99 of each, one row an arm, one mark a run."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.analysis.comparison import Comparison
from bench.report.arm_rows import Rows, make_rows
from bench.report.axes import log_ms_axis, log_ticks
from bench.report.cells import Values, number
from bench.report.comparison_tables import PERCENTILES, compared_points
from bench.report.drawing import Picture, png_bytes, svg_bytes
from bench.report.key import key_height_in, write_key
from bench.report.style import ARM_COLOURS, INK, MARKERS, MORE_ARMS_COLOUR, RC, ArmStyle
from bench.report.subjects import Arm, LoadPoint, measured_arms, records

TITLE = "Response time of the runs"
CAPTION = (
    "Response time of every arm in every run, p50 at the left and p99 at the right, with 95 % intervals; one row an "
    "arm, one mark a run. Colours are those of the runs here, not of the arms."
)
HOW_TO_READ = (
    "Marks above each other are equally fast. Runs of one machine may be read as a change; runs of different machines "
    "say what each machine does, and no ratio of theirs is a property of the arm. A missing mark: not measured, "
    "saturated or not owed."
)
SPREAD = 0.6
ROW_PER_RUN_IN = 0.15
MOST_TICKS = 5
NO_COLOUR = ArmStyle(INK, "")
"""Of an arm's name here, where colours and markers are those of the runs."""


def draw_comparison(comparison: Comparison) -> Picture:
    """The picture with its words; absent where the runs share no load point with latencies."""
    texts = ("runs", TITLE, CAPTION, HOW_TO_READ)
    points = compared_points(comparison)
    if not points:
        return Picture(*texts, absent="The runs have no load point in common at which latencies are owed.")
    with matplotlib.rc_context(RC):
        figure = _draw(comparison, points)
        return Picture(*texts, svg=svg_bytes(figure), png=png_bytes(figure))


def run_styles(n_runs: int) -> list[ArmStyle]:
    """A colour and a marker a run."""
    colours = [*ARM_COLOURS, *[MORE_ARMS_COLOUR] * n_runs]
    return [ArmStyle(colours[place], MARKERS[place % len(MARKERS)]) for place in range(n_runs)]


def _draw(comparison: Comparison, points: list[LoadPoint]) -> Figure:
    arms = {arm.name: replace(arm, style=NO_COLOUR) for run in comparison.runs for arm in measured_arms(run)}
    entries = [
        (f"{name}  {run.run['id']}", style)
        for name, run, style in zip(comparison.names, comparison.runs, run_styles(len(comparison.runs)), strict=True)
    ]
    foot_in, row_in = key_height_in(entries), max(0.27, ROW_PER_RUN_IN * len(comparison.runs))
    titled = [
        (f"{'AB'[place] + '  ' if len(points) > 1 else ''}{TITLE}, {point.name}", list(arms.values()))
        for place, point in enumerate(points)
    ]
    figure, made = make_rows(Rows(titled, [" ", " "], row_in, foot_in=foot_in))
    for panels, point in zip(made, points, strict=True):
        for axes, percentile in zip(panels, PERCENTILES, strict=True):
            _draw_panel(axes, comparison, list(arms.values()), (point, percentile))
    write_key(figure, entries, foot_in)
    return figure


def _draw_panel(axes: Axes, comparison: Comparison, arms: list[Arm], where: tuple[LoadPoint, str]) -> None:
    point, percentile = where
    rows = [{row["arm"]: row for row in records(point.rows(run.summary))} for run in comparison.runs]
    ends = [f"{percentile}{end}_ms" for end in ("", "_low", "_high")]
    low, high = log_ms_axis(
        axes.xaxis, [number(row, end) for by_arm in rows for row in by_arm.values() for end in ends]
    )
    ticks = log_ticks(low, high)
    axes.set_xticks(ticks[:: math.ceil(len(ticks) / MOST_TICKS)])
    axes.set_xlabel(f"{percentile} (ms), lower is better")
    for place, arm in enumerate(arms):
        for run, (by_arm, style) in enumerate(zip(rows, run_styles(len(rows)), strict=True)):
            y = place + SPREAD * ((run + 0.5) / len(rows) - 0.5)
            if arm.name in by_arm:
                _draw_mark(axes, y, by_arm[arm.name], percentile, style)


def _draw_mark(axes: Axes, y: float, row: Values, percentile: str, style: ArmStyle) -> None:
    at, low, high = (number(row, f"{percentile}{end}_ms") for end in ("", "_low", "_high"))
    if bool(row["saturated"]) or not math.isfinite(at):
        return
    line: dict[str, Any] = {"color": style.colour, "solid_capstyle": "butt"}
    axes.plot([max(low, 0.0) if math.isfinite(low) else at, high if math.isfinite(high) else at], [y, y], linewidth=2.4,
              alpha=0.4, zorder=2, **line)  # fmt: skip
    axes.plot(at, y, marker=style.marker, markersize=0.85 * style.marker_size, markeredgecolor="white",
              markeredgewidth=0.4, zorder=3, **line)  # fmt: skip
