"""Draws every picture of a report once, into bytes that are the same for the same run."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import RC
from bench.report.svg import slim

if TYPE_CHECKING:
    from bench.analysis.statements import Statements


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the page needs it. svg and png are empty where `absent` says why there is nothing to see."""

    kind: str
    title: str
    caption: str
    how_to_read: str
    notes: tuple[str, ...] = ()
    svg: bytes = b""
    png: bytes = b""
    absent: str = ""


def draw_pictures(statements: Statements) -> tuple[Picture, ...]:
    """All pictures, in the order of the page; one that has nothing to show says so instead."""
    classes = sorted(((FIGURES.get(kind), kind) for kind in FIGURES.kinds()), key=lambda pair: (pair[0].order, pair[1]))
    return tuple(draw_picture(kind, statements) for _, kind in classes)


def draw_picture(kind: str, statements: Statements, *, with_png: bool = True) -> Picture:
    """One picture by its kind; without its png where nobody reads it, in two thirds of the time. Raises UnknownKind."""
    figure = FIGURES.get(kind)()
    texts = (kind, figure.title, figure.caption, figure.how_to_read)
    with matplotlib.rc_context(RC):
        try:
            drawn = figure.draw(statements)
        except NothingToDraw as reason:
            return Picture(*texts, absent=str(reason))
        png = png_bytes(drawn) if with_png else b""
        return Picture(*texts, notes=figure.notes(statements), svg=svg_bytes(drawn), png=png)


def svg_bytes(figure: Figure) -> bytes:
    """Vector bytes without date or creator, so that equal pictures are equal files."""
    sink = BytesIO()
    figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    return slim(sink.getvalue().decode()).encode()


def png_bytes(figure: Figure) -> bytes:
    """Pixels without the software's name and version."""
    sink = BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(sink, format="png", metadata={"Software": None})
    return sink.getvalue()
