"""Soak: memory, open files, threads and response time of every arm while a load was held."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.analysis.soak import UNANSWERED, Course, courses
from bench.analysis.statements import Statements
from bench.report import gutter
from bench.report.axes import log_ms_axis
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.key import key_height_in, write_key
from bench.report.soak_table import soak_sentence
from bench.report.style import WIDTH_IN
from bench.report.subjects import Arm, arms_of

PANEL_IN, GAP_IN, TOP_IN, BOTTOM_IN, RIGHT_IN = 1.05, 0.3, 0.46, 0.52, 0.12
MIN_PER_H = 60.0
AIR = 0.15


@FIGURES.register("soak")
class Soak:
    """One panel a quantity, one line an arm, over the minutes that it has served."""

    title = "What grows under a held load"
    caption = (
        "Resident memory, open files, threads, the response time's highest percentile that nearly every block owes, "
        "and, where any went unanswered, the share of requests that did; one point a block, over the minutes that the "
        "arm has served, one line an arm. Each panel has a scale of its own that need not begin at zero. A response "
        "time breaks off where so many requests went unanswered that the percentile is infinite."
    )
    how_to_read = (
        "A sound service is level after its first minutes. A line that keeps rising ends a service some day, however "
        "small the step; steps that level off are caches and pools. The table says which rises are beyond chance."
    )
    order = 46

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw where the run was no soak."""
        found = _drawn(courses(statements.run, statements.requests))
        if not found:
            raise NothingToDraw("The run was no soak: run --duration 30m makes one.")
        soaked = {course.arm for course in found}  # an arm that failed meanwhile too
        arms = {arm.name: arm for arm in arms_of(statements) if arm.name in soaked}
        titles = list(dict.fromkeys(course.title for course in found))
        entries = [(arm.label, arm.style) for arm in arms.values()]
        key_in = key_height_in(entries)
        high_in = key_in + BOTTOM_IN + TOP_IN + len(titles) * (PANEL_IN + GAP_IN) - GAP_IN
        figure = Figure(figsize=(WIDTH_IN, high_in))
        for place, title in enumerate(titles):
            bottom_in = key_in + BOTTOM_IN + (len(titles) - 1 - place) * (PANEL_IN + GAP_IN)
            box_in = (gutter.LEFT_IN, bottom_in, WIDTH_IN - gutter.LEFT_IN - RIGHT_IN, PANEL_IN)
            axes = gutter.add_axes_in(figure, box_in)
            _draw_panel(axes, [course for course in found if course.title == title], arms)
            if place < len(titles) - 1:
                axes.tick_params(axis="x", labelbottom=False)
        figure.axes[-1].set_xlabel("Minutes of serving")
        figure.text(0.08 / WIDTH_IN, 1 - 0.2 / high_in, self.title, fontsize=10, fontweight="bold")
        write_key(figure, entries, key_in)
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """What it comes to."""
        return (f"{soak_sentence(statements)}.",)


def _drawn(found: tuple[Course, ...]) -> list[Course]:
    """What has a point to draw, without a panel of requests that were all answered."""
    of_interest = any((course.series > 0).any() for course in found if course.watched is UNANSWERED)
    shown = [course for course in found if of_interest or course.watched is not UNANSWERED]
    return [course for course in shown if np.isfinite(course.series).any()]


def _draw_panel(axes: Axes, lines: list[Course], arms: dict[str, Arm]) -> None:
    unit = f" ({lines[0].watched.unit})" if lines[0].watched.unit else ""
    axes.set_title(f"{lines[0].title}{unit}", fontsize=8, fontweight="normal", pad=3)
    if not unit:
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for course in lines:
        style, known = arms[course.arm].style, ~np.isnan(course.series)
        finite = np.where(np.isinf(course.series), np.nan, course.series)
        axes.plot(course.hours[known] * MIN_PER_H, finite[known], color=style.colour, linewidth=1.2,
                  marker=style.marker, markersize=2.5)  # fmt: skip
    values = np.concatenate([course.series[np.isfinite(course.series)] for course in lines])
    if lines[0].watched.unit == "ms":
        log_ms_axis(axes.yaxis, values.tolist())
    else:
        air = AIR * float(np.ptp(values)) or max(AIR * float(values.max()), 1.0)
        axes.set_ylim(max(0.0, float(values.min()) - air), float(values.max()) + air)
    axes.set_xlim(left=0)
