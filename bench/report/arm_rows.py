"""Pictures with one row an arm: names at the left, one or several panels beside them, room for words at the right.

Everything is measured in inches before the picture is made, so that twelve arms with long names fit as well as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report import gutter
from bench.report.style import INK, LABEL_PT, NOTE_PT, WIDTH_IN
from bench.report.subjects import Arm

NAME_CHARACTERS = 22
MARKER_PT, NAME_PT = 9.0, 17.0
BOTTOM_IN, BETWEEN_IN, HEAD_IN, LEFT_MARGIN_IN = 0.52, 0.86, 0.34, 0.08
PANEL_GAP_IN = 0.1
RULE_COLOUR = "#ededed"


@dataclass(frozen=True, slots=True)
class Rows:
    """What a picture of rows must hold. groups: (heading, arms), below each other.

    beside: the widest text right of each panel, one a panel; row_in: least height of a row; tag: the widest text
    between a name and the first panel, "" for none; foot_in: free at the bottom.
    """

    groups: Sequence[tuple[str, Sequence[Arm]]]
    beside: Sequence[str]
    row_in: float = 0.27
    tag: str = ""
    foot_in: float = 0.0

    @property
    def height_in(self) -> float:
        """Of one row: room for its name too."""
        lines = max(name_of(arm).count("\n") + 1 for _, arms in self.groups for arm in arms)
        return max(self.row_in, (lines * gutter.LINE_PT + 5) / gutter.POINTS_PER_INCH)


def name_of(arm: Arm) -> str:
    """The arm's label as it stands at its row, in up to three lines."""
    return gutter.wrapped(arm.label, NAME_CHARACTERS)


def make_rows(rows: Rows) -> tuple[Figure, list[list[Axes]]]:
    """The figure with its names and headings; axes[group][panel] span the rows 0, 1, … from top to bottom."""
    names = [name_of(arm) for _, arms in rows.groups for arm in arms]
    tag_in = _wide_in(rows.tag)
    left_in = LEFT_MARGIN_IN + NAME_PT / gutter.POINTS_PER_INCH + max(map(_wide_in, names)) + tag_in
    beside_in = [_wide_in(text) for text in rows.beside]
    width_in = (WIDTH_IN - left_in - sum(beside_in) - PANEL_GAP_IN * len(beside_in)) / len(beside_in)
    heights_in = [rows.height_in * len(arms) for _, arms in rows.groups]
    top_in = rows.foot_in + BOTTOM_IN + sum(heights_in) + BETWEEN_IN * (len(heights_in) - 1)
    figure = Figure(figsize=(WIDTH_IN, top_in + HEAD_IN))
    made = []
    for (heading, arms), high_in in zip(rows.groups, heights_in, strict=True):
        at_in, panels = left_in, []
        for beyond_in in beside_in:
            axes = gutter.add_axes_in(figure, (at_in, top_in - high_in, width_in, high_in))
            _dress(axes, len(arms))
            panels.append(axes)
            at_in += width_in + beyond_in + PANEL_GAP_IN
        for place, arm in enumerate(arms):
            _name(panels[0], place, arm, tag_in * gutter.POINTS_PER_INCH)
        figure.text(LEFT_MARGIN_IN / WIDTH_IN, (top_in + 0.11) / figure.get_figheight(), heading, fontsize=10,
                    fontweight="bold")  # fmt: skip
        made.append(panels)
        top_in -= high_in + BETWEEN_IN
    return figure, made


def say_beside(axes: Axes, place: float, text: str, colour: str = INK) -> None:
    """A text right of the panel at this row; it must be no wider than `Rows.beside` announced."""
    axes.annotate(text, (1, place), xycoords=axes.get_yaxis_transform(), xytext=(5, 0), textcoords="offset points",
                  va="center", fontsize=NOTE_PT, color=colour, linespacing=1.15, annotation_clip=False)  # fmt: skip


def widest(texts: Sequence[str]) -> str:
    """The text that needs the most room; "" of none."""
    return max(texts, key=lambda text: gutter.text_width_pt(text, NOTE_PT) if text else 0.0, default="")


def _wide_in(text: str) -> float:
    """Inches for a text with a little air on both sides; nothing for no text."""
    return (gutter.text_width_pt(text, LABEL_PT) + 4) / gutter.POINTS_PER_INCH if text else 0.0


def _dress(axes: Axes, n_rows: int) -> None:
    """Rows from top to bottom, a hairline between them, no frame on the left."""
    axes.set_ylim(n_rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    for border in range(1, n_rows):
        axes.axhline(border - 0.5, color=RULE_COLOUR, linewidth=0.6, zorder=0.5)


def _name(axes: Axes, place: int, arm: Arm, tag_pt: float) -> None:
    """The arm's marker and name left of its row."""
    style, width_pt = arm.style, axes.bbox.width / axes.figure.dpi * gutter.POINTS_PER_INCH
    swatch = Line2D(
        [-(MARKER_PT + tag_pt) / width_pt], [place], marker=style.marker, color=style.colour, clip_on=False,
        markersize=style.marker_size, markeredgewidth=0.4, markeredgecolor="white",
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip
    axes.add_artist(swatch)
    axes.annotate(
        name_of(arm), (0, place), xycoords=axes.get_yaxis_transform(), xytext=(-NAME_PT - tag_pt, 0), va="center",
        ha="right", textcoords="offset points", fontsize=LABEL_PT, color=style.text_colour, linespacing=1.1,
        annotation_clip=False,
    )  # fmt: skip
