"""The look of every picture and chip: palette, one style an arm, matplotlib's settings. Imports no plotting library.

Colours are the Okabe–Ito palette as literal hex (Okabe & Ito, 2008, "Color Universal Design"), which stays apart for
the common colour blindnesses; its yellow is left out, too pale for lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INK = "#222222"
FAINT = "#5c5c5c"
RULE = "#444444"
GRID = "#d9d9d9"

BASELINE_COLOUR = "#000000"
ARM_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MORE_ARMS_COLOUR = "#8a8a8a"
"""Arms beyond the palette: more hues would not be told apart, so their markers do the work."""

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "p", "h", "*", "d", "8")

MARKER_PT = 5.5
MARKER_SCALE = {"*": 1.55, "P": 1.2, "X": 1.2, "D": 0.88, "p": 1.15, "h": 1.12, "^": 1.1, "v": 1.1, "<": 1.1, ">": 1.1}

MIN_TEXT_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: contrast of text to its ground."""

RC: dict[Any, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": RULE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "path",
    "svg.hashsalt": "llm-rec-bench",
    "pdf.fonttype": 42,
}
"""Used with `matplotlib.rc_context(RC)`, never set globally: a notebook's own style stays as it is."""

WIDTH_IN = 7.2
"""Two columns of a paper, inches."""

LABEL_PT = 8
NOTE_PT = 7


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """How one arm looks in every picture and table chip: colour first, marker as the second cue."""

    colour: str
    marker: str

    @property
    def marker_size(self) -> float:
        """Points across, such that all markers look equally large."""
        return MARKER_PT * MARKER_SCALE.get(self.marker, 1.0)

    @property
    def text_colour(self) -> str:
        """The arm's colour, darkened until text in it can be read on white."""
        return readable(self.colour)


def arm_styles(roles: Sequence[str]) -> tuple[ArmStyle, ...]:
    """One style an arm, in the scenario's order, skipped arms included, so that an arm looks alike in every run.

    roles: "baseline", "reference" or "" an arm. The baseline is black; the others take the palette in order.
    """
    palette = iter(ARM_COLOURS)
    styles = []
    for place, role in enumerate(roles):
        colour = BASELINE_COLOUR if role == "baseline" else next(palette, MORE_ARMS_COLOUR)
        styles.append(ArmStyle(colour, MARKERS[place % len(MARKERS)]))
    return tuple(styles)


def readable(colour: str) -> str:
    """The colour, darkened in small steps until its contrast to white is at least 4.5 : 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    while contrast_to_white(red, green, blue) < MIN_TEXT_CONTRAST:
        red, green, blue = (int(channel * 0.96) for channel in (red, green, blue))
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast_to_white(red: int, green: int, blue: int) -> float:
    """Contrast ratio 1 to 21 of an sRGB colour (0 to 255 a channel) to white (WCAG 2.2, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red / 255, green / 255, blue / 255)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
