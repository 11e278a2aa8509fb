"""Direct labels: names in a gutter right of the axes, pushed apart, tied to their lines by thin leaders.

Everything is measured in points before the picture is made, so that no label is clipped or laid over another, however
many arms there are and however long their names.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from bench.report.style import FAINT, LABEL_PT, RC, WIDTH_IN, ArmStyle

POINTS_PER_INCH = 72
LINE_PT = LABEL_PT * 1.22
GAP_PT = 4.0
SWATCH_PT = 16.0
TEXT_PT = 25.0
WRAP_CHARACTERS = 26
MOST_LINES = 3

LEFT_IN = 0.8
RIGHT_IN = 0.08
UNSHRUNK = {"shrinkA": 0, "shrinkB": 0}


@dataclass(frozen=True, slots=True)
class Label:
    """A name to be written beside the axes. style: None for a line that is no arm; x, y: data point it belongs to."""

    text: str
    x: float
    y: float
    style: ArmStyle | None = None

    @property
    def height_pt(self) -> float:
        """The label's height with the gap to the next one, points."""
        return (self.text.count("\n") + 1) * LINE_PT + GAP_PT


def wrapped(text: str, characters: int = WRAP_CHARACTERS) -> str:
    """The text in at most three lines of so many characters; what is longer ends in an ellipsis."""
    return "\n".join(textwrap.wrap(text, characters, max_lines=MOST_LINES, placeholder=" …")) or text


@functools.cache
def text_width_pt(text: str, size_pt: float = LABEL_PT) -> float:
    """Width of the longest line of a text in the report's font, points."""
    with matplotlib.rc_context(RC):
        font = FontProperties(size=size_pt)
        widths = [text_to_path.get_text_width_height_descent(line, font, False)[0] for line in text.split("\n")]
    return float(max(widths))


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Centres as near as can be (least squares) to the wanted ones, such that nothing overlaps within [low, high].

    Pool adjacent violators: neighbours that overlap become one cluster, put where its members want it on average.
    Sizes that do not fit between low and high run over the top. All in one unit of length.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    clusters: list[tuple[list[int], float, float]] = []  # members, size, sum of the starts its members want
    for i in order:
        members, size, wishes = [i], sizes[i], wanted[i] - sizes[i] / 2
        while clusters and _end(clusters[-1], low, high) > _start((members, size, wishes), low, high):
            before, before_size, before_wishes = clusters.pop()
            wishes = before_wishes + wishes - before_size * len(members)
            members, size = before + members, before_size + size
        clusters.append((members, size, wishes))
    centres = [0.0] * len(wanted)
    for cluster in clusters:
        edge = _start(cluster, low, high)
        for i in cluster[0]:
            centres[i] = edge + sizes[i] / 2
            edge += sizes[i]
    return centres


Cluster = tuple[list[int], float, float]


def _end(cluster: Cluster, low: float, high: float) -> float:
    return _start(cluster, low, high) + cluster[1]


def _start(cluster: Cluster, low: float, high: float) -> float:
    members, size, wishes = cluster
    return max(low, min(high - size, wishes / len(members)))


def gutter_in(texts: Sequence[str]) -> float:
    """Inches that a gutter needs for these (wrapped) texts."""
    return (TEXT_PT + max((text_width_pt(text) for text in texts), default=0.0)) / POINTS_PER_INCH + RIGHT_IN


def labels_height_in(texts: Sequence[str]) -> float:
    """Inches that these (wrapped) texts need below each other."""
    return sum(Label(text, 0, 0).height_pt for text in texts) / POINTS_PER_INCH


def add_axes_in(figure: Figure, box_in: tuple[float, float, float, float]) -> Axes:
    """Axes at (left, bottom, width, height) in inches."""
    width, height = figure.get_size_inches()
    left, bottom, wide, high = box_in
    return figure.add_axes((left / width, bottom / height, wide / width, high / height))


def axes_width_in(gutter: float) -> float:
    """Inches left for the axes of a two-column picture beside such a gutter."""
    return WIDTH_IN - LEFT_IN - gutter


def write_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Write the labels right of the axes. Call when the limits are final; texts must be wrapped already."""
    height_pt = axes.bbox.height / axes.figure.dpi * POINTS_PER_INCH
    wanted = [_height_in_axes(axes, label) * height_pt for label in labels]
    centres = spread(wanted, [label.height_pt for label in labels], -GAP_PT, height_pt + GAP_PT)
    for label, centre in zip(labels, centres, strict=True):
        _write(axes, label, centre / height_pt)


def _height_in_axes(axes: Axes, label: Label) -> float:
    """Where the label's data point stands, as a fraction of the axes' height, kept inside."""
    y = axes.transAxes.inverted().transform(axes.transData.transform((label.x, label.y)))[1]
    return float(min(1.0, max(0.0, y)))


def _write(axes: Axes, label: Label, height: float) -> None:
    colour = label.style.text_colour if label.style else FAINT
    line_colour = label.style.colour if label.style else FAINT
    swatch_x = 1.0 + SWATCH_PT / POINTS_PER_INCH / (axes.bbox.width / axes.figure.dpi)
    axes.annotate(
        "", (label.x, label.y), xycoords="data", xytext=(swatch_x, height), textcoords="axes fraction",
        annotation_clip=False, zorder=1.2,
        arrowprops={"arrowstyle": "-", "color": line_colour, "linewidth": 0.6, "alpha": 0.45} | UNSHRUNK,
    )  # fmt: skip
    if label.style:
        swatch = Line2D(
            [swatch_x], [height], marker=label.style.marker, color=line_colour, markersize=label.style.marker_size,
            markeredgecolor="white", markeredgewidth=0.4, transform=axes.transAxes, clip_on=False,
        )  # fmt: skip
        axes.add_artist(swatch)
    axes.annotate(
        label.text, (1.0, height), xycoords="axes fraction", xytext=(TEXT_PT, 0), textcoords="offset points",
        color=colour, fontsize=LABEL_PT, va="center", linespacing=1.1, annotation_clip=False,
        fontstyle="normal" if label.style else "italic",
    )  # fmt: skip
