"""The pictures of a report, one file each. A picture reads statements and nothing else, and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from recsys.registry import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bench.analysis.statements import Statements


class NothingToDraw(Exception):
    """The run has nothing to show in this picture; the message says why, in one sentence for the page."""


class ReportFigure(Protocol):
    """One picture. title: what is shown, at most 35 characters; caption: also the alternative text; order: on the page.

    The class is registered; `FIGURES.get(kind)()` makes the picture.
    """

    title: str
    caption: str
    how_to_read: str
    order: int

    def draw(self, statements: Statements) -> Figure:
        """A new figure, final but for saving. Raises NothingToDraw."""

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """What is particular to this run: the load point shown, arms left out and why. Sentences."""


FIGURES: Registry[type[ReportFigure]] = Registry("bench.report.figures", "figure")
