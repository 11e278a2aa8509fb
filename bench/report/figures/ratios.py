"""Ratios: how many times as long each arm takes as the baseline, with intervals and a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.analysis.ratios import PERCENTILES
from bench.analysis.statements import Statements
from bench.analysis.stats.ratios import MINIMUM_EFFECT
from bench.quantities import MISSING, interval, quantity
from bench.report.arm_rows import Rows, make_rows, say_beside, widest
from bench.report.axes import log_ticks, plain
from bench.report.cells import Values, number
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import FAINT, RULE
from bench.report.subjects import Arm, LoadPoint, measured_arms, records, shared_point, single_stream

BAND_COLOUR = "#e4e4e4"
ROW_IN = 0.35
MOST_TICKS = 5
LEAST_REACH = 1.3
UNBOUNDED_REACH = 1.25
"""How far, as a factor, an interval is dotted whose bound does not exist."""

ArmRows = list[tuple[Arm, Values]]


@FIGURES.register("ratios")
class Ratios:
    """Response time of each arm as a multiple of the baseline's, at p50 and p99."""

    title = "Ratio to the baseline"
    caption = (
        "Response time divided by that of the arm without a model on the same requests, at p50 and p99, one row an "
        "arm, with 95 % intervals over blocks, and over restarts as a thin line where there were several. The grey "
        f"band is the smallest change that is called one, {100 * (MINIMUM_EFFECT - 1):.0f} %."
    )
    how_to_read = (
        "Right of the line is slower, left is faster. A word stands where the whole interval bears it: slower or "
        "faster beyond 1 and by at least the band, alike inside the band; not told apart means that the run was too "
        "short or too restless, not that there is no difference. Ratios travel between machines better than times."
    )
    order = 60

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw without a baseline beside another arm at a load point that all share."""
        groups = _groups(statements)
        titled = [
            (f"{'AB'[place] + '  ' if len(groups) > 1 else ''}{self.title}, {point.name}", [arm for arm, _ in rows])
            for place, (point, rows) in enumerate(groups.items())
        ]
        every = [values for rows in groups.values() for _, values in rows]
        beside = [widest([_said(values, percentile) for values in every]) for percentile in PERCENTILES]
        figure, made = make_rows(Rows(titled, beside, ROW_IN))
        for panels, rows in zip(made, groups.values(), strict=True):
            for axes, percentile in zip(panels, PERCENTILES, strict=True):
                _set_axis(axes, every, percentile)
                for place, (arm, values) in enumerate(rows):
                    _draw(axes, place, arm, values, percentile)
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """Which arm is the baseline."""
        baseline = next(arm for arm in measured_arms(statements) if arm.role == "baseline")
        return (f"Baseline: {baseline.label}.",)


def _groups(statements: Statements) -> dict[LoadPoint, ArmRows]:
    """Single stream and the shared rate, those of them at which an arm has a ratio."""
    points = [point for point in (single_stream(statements), shared_point(statements)) if point is not None]
    arms = {arm.name: arm for arm in measured_arms(statements)}
    groups: dict[LoadPoint, ArmRows] = {
        point: [(arms[row["arm"]], row) for row in records(point.rows(statements.tax)) if row["arm"] in arms]
        for point in points
    }
    groups = {point: rows for point, rows in groups.items() if any(_is_known(row, "p50") for _, row in rows)}
    if not groups:
        raise NothingToDraw("There is no baseline beside another arm at a load point that all arms share.")
    return groups


def _is_known(values: Values, percentile: str) -> bool:
    return math.isfinite(number(values, f"ratio_{percentile}"))


def _said(values: Values, percentile: str) -> str:
    """`×12.3 [11.9, 12.8]` and the word under it; the word alone where there is no number."""
    if bool(values.get("saturated")):
        return "saturated"
    if not _is_known(values, percentile):
        return MISSING
    ratio, low, high = (number(values, f"ratio_{percentile}{end}") for end in ("", "_low", "_high"))
    return f"{quantity(ratio, '×')} {interval(low, high)}\n{values[f'ratio_{percentile}_verdict']}"


def _set_axis(axes: Axes, every: Sequence[Values], percentile: str) -> None:
    """A log axis that holds 1, the band and every finite bound."""
    ends = ("", "_low", "_high", "_restarts_low", "_restarts_high")
    bounds = [number(values, f"ratio_{percentile}{end}") for values in every for end in ends]
    finite = [bound for bound in bounds if 0 < bound < math.inf] + [1 / LEAST_REACH, LEAST_REACH]
    air = (max(finite) / min(finite)) ** 0.05
    axes.set_xscale("log")
    axes.set_xlim(min(finite) / air, max(finite) * air)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(*axes.get_xlim())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.axvspan(1 / MINIMUM_EFFECT, MINIMUM_EFFECT, color=BAND_COLOUR, linewidth=0, zorder=0.4)
    axes.axvline(1, color=RULE, linewidth=0.8, zorder=1.5)
    axes.set_xlabel(f"{percentile}, times the baseline's")


def _ticks(low: float, high: float) -> list[float]:
    """A few round numbers, 1 among them."""
    ticks = log_ticks(low, high)
    if len(ticks) < 2:
        return [tick for tick in (0.8, 0.9, 1.0, 1.1, 1.2) if low < tick < high]
    decades = [tick for tick in ticks if math.log10(tick).is_integer()]
    return ticks if len(ticks) <= MOST_TICKS else decades if len(decades) > 1 else ticks[::2]


def _draw(axes: Axes, place: int, arm: Arm, values: Values, percentile: str) -> None:
    """The dot, its interval and that over restarts, and the word."""
    text = _said(values, percentile)
    is_told = _is_known(values, percentile) and not bool(values.get("saturated"))
    is_word = is_told and values[f"ratio_{percentile}_verdict"] != "not told apart"
    say_beside(axes, place, text, arm.style.text_colour if is_word else FAINT)
    if not is_told:
        return
    name, style = f"ratio_{percentile}", arm.style
    at = number(values, name)
    line: dict[str, Any] = {"color": style.colour, "zorder": 2}
    restarts = [number(values, f"{name}_restarts_{end}") for end in ("low", "high")]
    if not math.isnan(sum(restarts)):
        axes.plot(restarts, [place, place], linewidth=0.8, alpha=0.7, **line)
    for bound, beyond in ((f"{name}_low", 1 / UNBOUNDED_REACH), (f"{name}_high", UNBOUNDED_REACH)):
        end = number(values, bound)
        is_bounded = 0 < end < math.inf
        axes.plot([at, end if is_bounded else at * beyond], [place, place], linewidth=2.6 if is_bounded else 1.4,
                  alpha=0.5, linestyle="-" if is_bounded else ":", solid_capstyle="butt", **line)  # fmt: skip
    axes.plot(at, place, marker=style.marker, color=style.colour, markersize=style.marker_size, zorder=3,
              markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
