"""One row an arm, one panel a quantity: bars from zero with their values written out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.quantities import MISSING, quantity
from bench.report.arm_rows import Rows, make_rows, say_beside, widest
from bench.report.axes import plain
from bench.report.figures import NothingToDraw
from bench.report.style import FAINT
from bench.report.subjects import Arm

BAR = 0.56
MORE_COLOUR = "#c4c4c4"
AIR = 1.04


@dataclass(frozen=True, slots=True)
class Quantity:
    """One panel. head: its axis with the unit; values by arm's name, NaN or absent where it was not measured.

    more: what comes on top of a value without being part of it, drawn grey.
    """

    head: str
    values: Mapping[str, float]
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_measured(self) -> bool:
        """Whether any arm has a value."""
        return any(math.isfinite(value) for value in self.values.values())


def draw_value_bars(title: str, arms: Sequence[Arm], quantities: Sequence[Quantity]) -> Figure:
    """The panels side by side, at least one, in one row an arm. Raises NothingToDraw where no arm was measured."""
    if not arms:
        raise NothingToDraw("No arm was measured to its end.")
    texts = [[_said(panel, arm) for arm in arms] for panel in quantities]
    rows = Rows([(title, arms)], [widest(column) for column in texts])
    figure, made = make_rows(rows)
    for axes, panel, column in zip(made[0], quantities, texts, strict=True):
        _draw(axes, arms, panel)
        for place, text in enumerate(column):
            say_beside(axes, place, text, FAINT if text == MISSING else arms[place].style.text_colour)
    return figure


def _draw(axes: Axes, arms: Sequence[Arm], panel: Quantity) -> None:
    ends = [panel.values[arm.name] + _extra(panel, arm) for arm in arms if _said(panel, arm) != MISSING]
    axes.set_xlim(0, AIR * max(ends, default=0.0) or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.set_xlabel(panel.head)
    for place, arm in enumerate(arms):
        if _said(panel, arm) != MISSING:
            value, more = panel.values[arm.name], _extra(panel, arm)
            axes.barh(place, value, height=BAR, color=arm.style.colour, linewidth=0)
            axes.barh(place, more, left=value, height=BAR, color=MORE_COLOUR, linewidth=0)


def _extra(panel: Quantity, arm: Arm) -> float:
    """What comes on top; 0 where nothing was measured."""
    more = panel.more.get(arm.name, 0.0)
    return more if math.isfinite(more) else 0.0


def _said(panel: Quantity, arm: Arm) -> str:
    return quantity(panel.values.get(arm.name))
