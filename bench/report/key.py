"""A key of arms under a picture, for when their names find no room beside what they name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.gutter import GAP_PT, LINE_PT, POINTS_PER_INCH, wrapped
from bench.report.style import LABEL_PT, WIDTH_IN, ArmStyle

COLUMNS = 2
WRAP_CHARACTERS = 44
LEFT_PT, SWATCH_PT, TEXT_PT, TOP_PT, BOTTOM_PT = 24.0, 6.0, 17.0, 4.0, 5.0

Entry = tuple[str, ArmStyle]


def key_height_in(entries: Sequence[Entry]) -> float:
    """Inches that a key of these (label, style) entries needs."""
    return (sum(_row_heights_pt(entries)) + TOP_PT + BOTTOM_PT) / POINTS_PER_INCH


def write_key(figure: Figure, entries: Sequence[Entry], height_in: float) -> None:
    """Write the entries into the lowest `height_in` inches, down the first column, then down the second."""
    width_pt, height_pt = WIDTH_IN * POINTS_PER_INCH, figure.get_figheight() * POINTS_PER_INCH
    column_pt = (width_pt - LEFT_PT) / COLUMNS
    rows = _row_heights_pt(entries)
    for place, (label, style) in enumerate(entries):
        column, row = divmod(place, len(rows))
        x_pt = LEFT_PT + column * column_pt
        y_pt = height_in * POINTS_PER_INCH - TOP_PT - sum(rows[:row]) - rows[row] / 2
        swatch = Line2D(
            [(x_pt + SWATCH_PT) / width_pt], [y_pt / height_pt], marker=style.marker, color=style.colour,
            markersize=style.marker_size, markeredgecolor="white", markeredgewidth=0.4, transform=figure.transFigure,
        )  # fmt: skip
        figure.add_artist(swatch)
        figure.text((x_pt + TEXT_PT) / width_pt, y_pt / height_pt, wrapped(label, WRAP_CHARACTERS), va="center",
                    fontsize=LABEL_PT, color=style.text_colour, linespacing=1.1)  # fmt: skip


def _row_heights_pt(entries: Sequence[Entry]) -> list[float]:
    """The height of each row: that of its tallest entry."""
    lines = [wrapped(label, WRAP_CHARACTERS).count("\n") + 1 for label, _ in entries]
    n_rows = math.ceil(len(entries) / COLUMNS)
    return [max(lines[row::n_rows]) * LINE_PT + GAP_PT for row in range(n_rows)]
