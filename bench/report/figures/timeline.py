"""Timeline: every request in the order of the run, where warm-up, drift and disturbances are seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from bench.analysis.selection import Selection
from bench.analysis.statements import Statements
from bench.report import gutter
from bench.report.axes import log_ms_axis
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import FAINT, GRID, INK, NOTE_PT, WIDTH_IN
from bench.report.subjects import ANSWERED, Arm, LoadPoint, measured_arms, shared_point, single_stream

MOST_DOTS = 3_600
"""Over all arms: beyond, each stretch of requests shows its first and its slowest."""

MEDIAN_WINDOW = 31
MEDIAN_POINTS = 80
DOT_PT = 1.6
DOT_LENGTH = 2e-4
"""Of the strip's width: a path of no length, or snapped to one pixel, has no ends to be drawn round."""

STRIP_IN, STRIPS_IN, BOTTOM_IN, TOP_IN, GAP_IN = 0.62, 2.5, 0.52, 0.5, 0.13
DISTURBED = "#f6dcae"
LEAST_SHARE = 0.01
"""Of a block's time: what disturbed it for less is not marked."""

CAUSES = {"collections": "gc", "throttled_s": "throttled", "steal_s": "stolen"}
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strip:
    """One arm's requests in the order of the run. ms: NaN without an answer; starts: where each block begins."""

    arm: Arm
    ms: Array
    starts: tuple[int, ...]
    disturbed: tuple[tuple[int, str], ...]


@FIGURES.register("timeline")
class Timeline:
    """Response time of every counted request in the order in which it fell due, one strip an arm."""

    title = "Latency over the run"
    caption = (
        "Response time of the counted requests in the order in which they fell due, one strip an arm with a scale of "
        "its own: a dot a request, the running median over 31 of them as a line. Upright lines part the blocks; a "
        "block with a yellow ground was disturbed: by a collection (gc), a CPU quota (throttled) or the "
        "hypervisor (stolen)."
    )
    how_to_read = (
        "A sound run is a level line. A slope within a block is a queue or a warm-up that was too short; steps between "
        "blocks are restarts, heat or other load; single dots high above the line make the tail. What drifts here has "
        "no percentile worth quoting."
    )
    order = 45

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw when no arm answered at a load point that all share."""
        point, strips = _strips(statements)
        texts = [gutter.wrapped(strip.arm.label) for strip in strips]
        tallest_in = max(gutter.labels_height_in([text]) for text in texts)
        strip_in = max(STRIP_IN, tallest_in, STRIPS_IN / len(strips) - GAP_IN)
        strips_in = len(strips) * (strip_in + GAP_IN) - GAP_IN
        figure = Figure(figsize=(WIDTH_IN, BOTTOM_IN + TOP_IN + strips_in))
        width_in = gutter.axes_width_in(gutter.gutter_in(texts))
        for place, strip in enumerate(strips):
            bottom_in = BOTTOM_IN + (len(strips) - 1 - place) * (strip_in + GAP_IN)
            axes = gutter.add_axes_in(figure, (gutter.LEFT_IN, bottom_in, width_in, strip_in))
            _draw_strip(axes, strip, MOST_DOTS // len(strips))
            if place < len(strips) - 1:
                axes.tick_params(axis="x", labelbottom=False, length=0)
            if not place:
                _number_blocks(axes, strip)
        figure.axes[-1].set_xlabel("Requests in the order of the run")
        high_in = figure.get_figheight()
        figure.text(0.03 / WIDTH_IN, (BOTTOM_IN + strips_in / 2) / high_in, "Response time (ms), lower is better",
                    rotation=90, va="center", fontsize=9)  # fmt: skip
        figure.text(0.08 / WIDTH_IN, 1 - 0.2 / high_in, f"{self.title}, {point.name}", fontsize=10, fontweight="bold")
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """How many dots stand for how many requests."""
        strips = _strips(statements)[1]
        most = MOST_DOTS // len(strips)
        if all(strip.ms.size <= most for strip in strips):
            return ()
        return ("Of each stretch of requests the first and the slowest are drawn; the line is over all of them.",)


def _strips(statements: Statements) -> tuple[LoadPoint, list[Strip]]:
    """The shared rate, else single stream: the first of them at which an arm answered."""
    for point in (shared_point(statements), single_stream(statements)):
        if point is None:
            continue
        requests = statements.requests
        here = point.here(requests) & requests["counted"]
        found = [
            _strip(statements.run, arm, point, Selection.where(requests, here & (requests["arm"] == arm.name)))
            for arm in measured_arms(statements)
        ]
        strips = [strip for strip in found if np.isfinite(strip.ms).any()]
        if strips:
            return point, strips
    raise NothingToDraw("The run has no single_stream load and no server rate that all arms share.")


def _strip(run: Mapping[str, Any], arm: Arm, point: LoadPoint, rows: Selection) -> Strip:
    block = rows["block"].to_numpy()
    order = np.lexsort((rows["intended_ns"].to_numpy(), block))
    ms = (rows["observed_ns"] - rows["intended_ns"]).to_numpy(np.float64) / 1e6
    ms = np.where(rows["outcome"] == ANSWERED, ms, np.nan)[order]
    numbers, starts = np.unique(block[order], return_index=True)
    causes = _causes(run, arm, point)
    disturbed = tuple((place, causes[number]) for place, number in enumerate(numbers.tolist()) if number in causes)
    return Strip(arm, ms, tuple(starts.tolist()), disturbed)


def _causes(run: Mapping[str, Any], arm: Arm, point: LoadPoint) -> dict[int, str]:
    """Block → what disturbed it, for the blocks of this arm and load point."""
    rate_per_s = None if math.isnan(point.offered_per_s) else point.offered_per_s
    causes = {}
    for block in run.get("blocks", ()):
        if (block["arm"], block["load"], block["offered_per_s"]) == (arm.name, point.load, rate_per_s):
            words = [word for reading, word in CAUSES.items() if _disturbs(block, reading)]
            if words:
                causes[int(block["block"])] = ", ".join(words)
    return causes


def _disturbs(block: Mapping[str, Any], reading: str) -> bool:
    """Any collection; of the others what took a share of the block's time."""
    value = block.get(reading) or 0.0
    return value > 0 if reading == "collections" else value > LEAST_SHARE * block["wall_s"]


def _draw_strip(axes: Axes, strip: Strip, most_dots: int) -> None:
    n = strip.ms.size
    log_ms_axis(axes.yaxis, strip.ms[np.isfinite(strip.ms)].tolist())
    ticks = [tick for tick in axes.get_yticks() if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks[:: max(1, math.ceil(len(ticks) / 3))])
    axes.set_xlim(0, max(n, 2))
    axes.grid(axis="x", visible=False)
    ends = [*strip.starts[1:], n]
    for place, word in strip.disturbed:
        axes.axvspan(strip.starts[place], ends[place], color=DISTURBED, linewidth=0, zorder=0.4)
        axes.annotate(word, (strip.starts[place], 1), xycoords=axes.get_xaxis_transform(), xytext=(2, -2), va="top",
                      textcoords="offset points", fontsize=NOTE_PT, color=INK)  # fmt: skip
    for start in strip.starts[1:]:
        axes.axvline(start, color=GRID, linewidth=0.9, zorder=0.6)
    chosen = shown(strip.ms, most_dots)
    axes.add_artist(dot_path(chosen, strip))
    for start, end in zip(strip.starts, ends, strict=True):
        middle, medians = running_median(strip.ms[start:end])
        axes.plot(start + middle, medians, color=INK, linewidth=0.9, zorder=3)
    at = float(np.nanmedian(strip.ms))
    gutter.write_labels(axes, [gutter.Label(gutter.wrapped(strip.arm.label), float(n), at, strip.arm.style)])


def shown(ms: Array, most: int) -> npt.NDArray[np.intp]:
    """Places of the answered requests that are drawn: all, or of each stretch the first and the slowest."""
    answered = np.flatnonzero(np.isfinite(ms))
    if answered.size <= most:
        return answered
    stretches = np.array_split(answered, most // 2)
    kept = [place for stretch in stretches for place in (stretch[0], stretch[np.argmax(ms[stretch])])]
    return np.unique(kept)


def running_median(ms: Array) -> tuple[Array, Array]:
    """Places and values of the median over MEDIAN_WINDOW neighbours, thinned to MEDIAN_POINTS; one for a short block.

    ms: [n], NaN without an answer; such requests are left out of the median.
    """
    answered = np.flatnonzero(np.isfinite(ms))
    values = ms[answered]
    if values.size < MEDIAN_WINDOW:
        median = float(np.median(values)) if values.size else math.nan
        return np.array([0.0, ms.size]), np.array([median, median])
    windows = np.lib.stride_tricks.sliding_window_view(values, MEDIAN_WINDOW)
    kept = np.unique(np.linspace(0, len(windows) - 1, MEDIAN_POINTS).round().astype(np.intp))
    return answered[kept + MEDIAN_WINDOW // 2].astype(np.float64), np.median(windows[kept], axis=1)


def dot_path(places: npt.NDArray[np.intp], strip: Strip) -> PathPatch:
    """All dots of a strip as one path of round ends: a fifth of the bytes of as many markers."""
    points = np.column_stack([places + 0.5, strip.ms[places]]).repeat(2, axis=0)
    points[1::2, 0] += DOT_LENGTH * strip.ms.size
    path = Path(points, np.tile([Path.MOVETO, Path.LINETO], len(places)))
    path.should_simplify = False
    return PathPatch(
        path, facecolor="none", edgecolor=strip.arm.style.colour, linewidth=DOT_PT, capstyle="round", snap=False, 
        alpha=0.5, zorder=2,
    )  # fmt: skip


def _number_blocks(axes: Axes, strip: Strip) -> None:
    """The number of each block above the first strip, as many as find room."""
    ends: Sequence[int] = [*strip.starts[1:], strip.ms.size]
    every = max(1, math.ceil(len(ends) / 12))
    for place, (start, end) in enumerate(zip(strip.starts, ends, strict=True)):
        if place % every == 0:
            axes.annotate(f"block {place + 1}", ((start + end) / 2, 1), xycoords=axes.get_xaxis_transform(),
                          xytext=(0, 3), textcoords="offset points", ha="center", fontsize=NOTE_PT, color=FAINT,
                          annotation_clip=False)  # fmt: skip
