"""Where the time goes: the stages of the requests around p50 and around p99, stacked to their sum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.analysis.statements import Statements
from bench.quantities import quantity
from bench.report import gutter
from bench.report.axes import plain
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.stages import COLOURS, ENCODER, StageBar, stage_bars
from bench.report.style import FAINT, INK, LABEL_PT, MIN_TEXT_CONTRAST, NOTE_PT, WIDTH_IN, contrast_to_white
from bench.report.subjects import Arm, LoadPoint, measured_arms, shared_point, single_stream

AROUND = ("p50", "p99")
NAME_CHARACTERS = 22
BAR = 0.4
PAIR_IN, LINES_IN_A_PAIR = 0.4, 2
BOTTOM_IN, BETWEEN_IN, HEAD_IN, LEGEND_ROW_IN = 0.5, 0.82, 0.3, 0.18
TOTAL_IN, SHARE_IN, TAG_IN = 0.62, 0.75, 0.36
LEGEND_ENTRY_PT = 34.0
NAMED_SHARE = 0.14


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in the picture, inches: left edges and widths of the two columns of bars, height of a row."""

    left_in: float
    width_in: float
    share_left_in: float
    row_in: float


@FIGURES.register("waterfall")
class Waterfall:
    """Stacked stages, two bars an arm: the requests around p50 and those around p99."""

    title = "Where the time goes"
    caption = (
        "Mean length of each stage over the requests around p50 and around p99, which sum exactly to those requests' "
        "mean response time: left in ms, right as parts of the whole. Greys are waiting, blues the encoder (the "
        "language model, in an arm that has one), greens the rest of the recommender."
    )
    how_to_read = (
        "Blue is what encoding costs; the percentage at the right is its part. Compare an arm's two bars: where blue "
        "grows from p50 to p99, long texts or cache misses make the tail; where grey grows, requests wait for each "
        "other, which shorter service or more capacity cures. In single stream nothing waits."
    )
    order = 20

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw when no load point has stages."""
        panels = _panels(statements)
        every = [bar for bars in panels.values() for bar in bars]
        arms = [arm for arm in measured_arms(statements) if any(bar.arm == arm for bar in every)]
        stages = [stage for stage in COLOURS if any(bar.stages_ms[stage] for bar in every)]
        frame = _frame(arms)
        legend_in = LEGEND_ROW_IN * math.ceil(len(stages) / _legend_columns(stages)) + 0.1
        panel_in = frame.row_in * len(arms)
        height_in = BOTTOM_IN + (len(panels) - 1) * BETWEEN_IN + len(panels) * panel_in + HEAD_IN + legend_in
        figure = Figure(figsize=(WIDTH_IN, height_in))
        for place, (point, bars) in enumerate(panels.items()):
            bottom_in = BOTTOM_IN + (len(panels) - 1 - place) * (panel_in + BETWEEN_IN)
            letter = f"{'AB'[place]}  " if len(panels) > 1 else ""
            left = gutter.add_axes_in(figure, (frame.left_in, bottom_in, frame.width_in, panel_in))
            _draw_ms(left, arms, bars)
            right = gutter.add_axes_in(figure, (frame.share_left_in, bottom_in, frame.width_in, panel_in))
            _draw_shares(right, arms, bars)
            figure.text(0.08 / WIDTH_IN, (bottom_in + panel_in + 0.11) / height_in,
                        f"{letter}{self.title}, {point.name}", fontsize=10, fontweight="bold")  # fmt: skip
        _legend(figure, stages)
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """Arms that are left out, and where."""
        notes = []
        for point, bars in _panels(statements).items():
            drawn = {bar.arm.name for bar in bars}
            missing = [arm.label for arm in measured_arms(statements) if arm.name not in drawn]
            if missing:
                notes.append(f"Not drawn for {point.name}, because saturated or unanswered: {', '.join(missing)}.")
        return tuple(notes)


def _panels(statements: Statements) -> dict[LoadPoint, list[StageBar]]:
    """Single stream and the shared rate, those of them that have stages."""
    points = [point for point in (single_stream(statements), shared_point(statements)) if point is not None]
    panels = {point: stage_bars(statements, point, AROUND) for point in points}
    panels = {point: bars for point, bars in panels.items() if bars}
    if not panels:
        raise NothingToDraw("No stages were measured at a load point that all arms share.")
    return panels


def _frame(arms: Sequence[Arm]) -> Frame:
    texts = [gutter.wrapped(arm.label, NAME_CHARACTERS) for arm in arms]
    left_in = gutter.gutter_in(texts) + TAG_IN
    width_in = (WIDTH_IN - left_in - TOTAL_IN - SHARE_IN) / 2
    lines = max(text.count("\n") + 1 for text in texts)
    row_in = PAIR_IN + max(0, lines - LINES_IN_A_PAIR) * gutter.LINE_PT / gutter.POINTS_PER_INCH
    return Frame(left_in, width_in, left_in + width_in + TOTAL_IN, row_in)


def _draw_ms(axes: Axes, arms: Sequence[Arm], bars: Sequence[StageBar]) -> None:
    """Bars in ms with their totals, and the arms' names on the left."""
    axes.set_xlim(0, max(bar.total_ms for bar in bars))
    _dress(axes, len(arms))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.set_xlabel("Response time (ms), lower is better")
    for place, arm in enumerate(arms):
        _name_row(axes, place, arm)
    for bar in bars:
        y = _height(arms, bar)
        _stack(axes, y, bar, scale=1.0)
        _beside(axes, (bar.total_ms, y), quantity(bar.total_ms, "ms"))
        axes.annotate(bar.around, (0, y), xytext=(-4, 0), textcoords="offset points", va="center", ha="right",
                      fontsize=NOTE_PT, color=FAINT, annotation_clip=False)  # fmt: skip


def _draw_shares(axes: Axes, arms: Sequence[Arm], bars: Sequence[StageBar]) -> None:
    """The same bars as parts of the whole, the larger parts with their percentage."""
    axes.set_xlim(0, 100)
    _dress(axes, len(arms))
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("Part of the response time (%)")
    for bar in bars:
        y = _height(arms, bar)
        scale = 100 / bar.total_ms
        for stage, left_ms, ms in _stack(axes, y, bar, scale):
            if ms * scale >= 100 * NAMED_SHARE:
                axes.text((left_ms + ms / 2) * scale, y, f"{ms * scale:.0f}", ha="center", va="center",
                          fontsize=NOTE_PT, color=_ink_on(COLOURS[stage]))  # fmt: skip
        _beside(axes, (100, y), f"encoder {bar.share(ENCODER):.0%}")


def _stack(axes: Axes, y: float, bar: StageBar, scale: float) -> list[tuple[str, float, float]]:
    """Draw the stages one after the other; returns (stage, left in ms, length in ms) of each that has a length.

    The limits stand already, and `barh` would search each of hundreds of rectangles for new ones.
    """
    drawn, left_ms = [], 0.0
    for stage, ms in bar.stages_ms.items():
        if ms > 0:
            corner = (left_ms * scale, y - BAR / 2)
            axes.add_artist(Rectangle(corner, ms * scale, BAR, color=COLOURS[stage], linewidth=0))
            drawn.append((stage, left_ms, ms))
            left_ms += ms
    return drawn


def _height(arms: Sequence[Arm], bar: StageBar) -> float:
    return arms.index(bar.arm) + (-0.21 if bar.around == AROUND[0] else 0.21)


def _beside(axes: Axes, at: tuple[float, float], text: str) -> None:
    axes.annotate(text, at, xytext=(4, 0), textcoords="offset points", va="center", fontsize=NOTE_PT, color=INK,
                  annotation_clip=False)  # fmt: skip


def _name_row(axes: Axes, place: int, arm: Arm) -> None:
    """The arm's marker and name left of its two bars."""
    axes.annotate(
        gutter.wrapped(arm.label, NAME_CHARACTERS), (0, place), xytext=(-38, 0), textcoords="offset points",
        va="center", ha="right", fontsize=LABEL_PT, color=arm.style.text_colour, linespacing=1.1, annotation_clip=False,
    )  # fmt: skip
    x = -30 / gutter.POINTS_PER_INCH / (axes.bbox.width / axes.figure.dpi)
    swatch = Line2D(
        [x], [place], marker=arm.style.marker, color=arm.style.colour, markersize=arm.style.marker_size,
        markeredgewidth=0.4, markeredgecolor="white", transform=axes.get_yaxis_transform(), clip_on=False,
    )  # fmt: skip
    axes.add_artist(swatch)


def _dress(axes: Axes, n_arms: int) -> None:
    """Rows from top to bottom, a hairline between arms, no frame on the left."""
    axes.set_ylim(n_arms - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    for border in range(1, n_arms):
        axes.axhline(border - 0.5, color="#ededed", linewidth=0.6, zorder=0.5)


def _ink_on(colour: str) -> str:
    """White on dark grounds, ink on light ones."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if contrast_to_white(red, green, blue) >= MIN_TEXT_CONTRAST else INK


def _legend_columns(stages: Sequence[str]) -> int:
    """As many as make rows of equal length that fit the width."""
    width_pt = sum(gutter.text_width_pt(stage, NOTE_PT) + LEGEND_ENTRY_PT for stage in stages)
    return math.ceil(len(stages) / math.ceil(width_pt / (WIDTH_IN * gutter.POINTS_PER_INCH)))


def _legend(figure: Figure, stages: Sequence[str]) -> None:
    """Stages by colour on top, row by row in the order in which a request passes them."""
    columns = _legend_columns(stages)
    by_column = [stages[i] for column in range(columns) for i in range(column, len(stages), columns)]
    figure.legend(
        handles=[Patch(color=COLOURS[stage], label=stage.replace("_", " ")) for stage in by_column],
        ncols=columns, loc="upper left", borderaxespad=0, fontsize=NOTE_PT, borderpad=0,
        bbox_to_anchor=(0.08 / WIDTH_IN, 1 - 0.08 / figure.get_figheight()), handlelength=1.1, handleheight=0.9,
        columnspacing=1.4, labelspacing=0.35,
    )  # fmt: skip
