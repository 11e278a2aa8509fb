"""Load and latency: how response time grows with the offered rate, and where each arm gives up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.analysis.statements import Statements
from bench.report import gutter
from bench.report.axes import log_ms_axis, plain, slo_label, slo_line, slo_text
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import FAINT, NOTE_PT, WIDTH_IN
from bench.report.subjects import RECOMMEND, Arm, measured_arms, rate, slo_p99_ms

FEWEST_RATES = 2
"""A percentile is drawn as a curve where so many rates owe it."""

UNBOUNDED_REACH = 1.5
"""How far up, as a factor, an interval is dotted whose upper bound does not exist."""

WIDE_RANGE = 15
STRIP_SHARE = 0.13
STRIP_COLOUR = "#ececec"
BOTTOM_IN, BETWEEN_IN, TOP_IN, LEAST_HEIGHT_IN = 0.52, 0.18, 0.32, 2.8

Array = npt.NDArray[np.float64]


@FIGURES.register("load_curve")
class LoadCurve:
    """The median and a tail percentile against the offered rate, one line an arm, with the service level objective."""

    title = "Load and latency"
    caption = (
        "Median and tail of response time against the offered rate of an open loop, one line an arm, with 95 % "
        "intervals, dotted where so few independent requests give no upper bound; the tail is p99 where two rates or "
        "more owe it, else p90. Cross in the grey strip: saturated, or more requests failed than the percentile allows."
    )
    how_to_read = (
        "A line that stays flat has capacity to spare; where it bends up, requests queue. The name at the right gives "
        "the highest rate measured at which p99 met the limit and the arm kept up. Latency at a saturated point grows "
        "with the length of the run and is no property of the arm, so such a point stands in the strip."
    )
    order = 40

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw without a server load."""
        table = _table(statements)
        arms = [arm for arm in measured_arms(statements) if arm.name in set(table["arm"])]
        slo_ms = slo_p99_ms(statements)
        texts = [_name(arm, table[table["arm"] == arm.name], slo_ms) for arm in arms]
        beside = [*texts, slo_text(slo_ms)]
        panel_in = max(LEAST_HEIGHT_IN, gutter.labels_height_in(beside))
        figure = Figure(figsize=(WIDTH_IN, BOTTOM_IN + panel_in + TOP_IN))
        panels = _panels(table)
        width_in = (gutter.axes_width_in(gutter.gutter_in(beside)) - BETWEEN_IN) / len(panels)
        for place, percentile in enumerate(panels):
            left_in = gutter.LEFT_IN + place * (width_in + BETWEEN_IN)
            axes = gutter.add_axes_in(figure, (left_in, BOTTOM_IN, width_in, panel_in))
            _set_axes(axes, table, panels, slo_ms)
            axes.set_title(f"{'AB'[place]}  {percentile} under load")
            ends = [_draw_arm(axes, arm, table[table["arm"] == arm.name], percentile) for arm in arms]
            if place:
                axes.tick_params(axis="y", labelleft=False)
                named = zip(texts, ends, arms, strict=True)
                labels = [gutter.Label(text, *end, arm.style) for text, end, arm in named]
                gutter.write_labels(axes, labels + slo_label(axes, slo_ms))
            else:
                axes.set_ylabel("Response time (ms), lower is better")
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """Which arrivals are drawn where there are several."""
        rows = statements.summary[statements.summary["load_kind"] == "server"]
        drawn, kinds = _table(statements)["arrivals"].iloc[0], rows["arrivals"].unique()
        return (f"Drawn for {drawn} arrivals; the others stand in the table of load points.",) if len(kinds) > 1 else ()


def _table(statements: Statements) -> pd.DataFrame:
    """Summary rows of all server loads whose arrivals are those with the most rates, by rate."""
    rows = statements.summary
    rows = rows[(rows["load_kind"] == "server") & (rows["request_kind"] == RECOMMEND)]
    if rows.empty:
        raise NothingToDraw("The run has no server load, so nothing was measured at a given rate.")
    arrivals = rows.groupby("arrivals", sort=False)["offered_per_s"].nunique().idxmax()
    rows = rows[rows["arrivals"] == arrivals].drop_duplicates(["arm", "offered_per_s"])
    return rows.sort_values("offered_per_s", kind="stable")


def _panels(table: pd.DataFrame) -> tuple[str, str]:
    """The percentiles of the two panels."""
    owed = table[table["p99_ms"].notna()]["offered_per_s"].nunique()
    return ("p50", "p99" if owed >= FEWEST_RATES else "p90")


def _name(arm: Arm, rows: pd.DataFrame, slo_ms: float | None) -> str:
    """The arm's name, and under it the highest measured rate that met the limit."""
    label = gutter.wrapped(arm.label)
    if slo_ms is None:
        return label
    owed = rows[rows["p99_ms"].notna()]
    if owed.empty:
        return f"{label}\np99 not measured"
    kept = owed[~owed["saturated"].astype(bool) & (owed["p99_ms"] <= slo_ms)]
    met = f"p99 within the SLO at {rate(kept['offered_per_s'].max())}" if len(kept) else "p99 over the SLO"
    return f"{label}\n{met}"


def _set_axes(axes: Axes, table: pd.DataFrame, panels: tuple[str, str], slo_ms: float | None) -> None:
    """The same limits in both panels, with a strip on top for points without a value where there are any."""
    sound = table[~table["saturated"].astype(bool)]
    columns = [f"{percentile}{end}_ms" for percentile in panels for end in ("", "_low", "_high")]
    values = [value for column in columns for value in sound[column].astype(float)]
    low, high = log_ms_axis(axes.yaxis, [*values, slo_ms] if slo_ms else values)
    if any(_lost(table, percentile).any() for percentile in panels):
        axes.set_ylim(low, high * (high / low) ** STRIP_SHARE)
        axes.axhspan(high, axes.get_ylim()[1], color=STRIP_COLOUR, linewidth=0, zorder=0.4)
        axes.annotate("saturated or failed", (0, 1), xycoords="axes fraction", xytext=(3, -3), va="top",
                      textcoords="offset points", fontsize=NOTE_PT, color=FAINT)  # fmt: skip
    rates = sorted(table["offered_per_s"].unique())
    if rates[-1] / rates[0] > WIDE_RANGE:
        axes.set_xscale("log")
        axes.set_xlim(rates[0] / 1.25, rates[-1] * 1.25)
    else:
        air = 0.08 * rates[-1]
        axes.set_xlim(rates[0] - air, rates[-1] + air)
    axes.xaxis.set_major_locator(FixedLocator(_rate_ticks(rates)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.set_xlabel("Offered rate (requests/s)")
    slo_line(axes, slo_ms)


def _lost(rows: pd.DataFrame, percentile: str) -> npt.NDArray[np.bool_]:
    """Which rows have no value of their own: saturated, or +inf because too many requests failed."""
    unanswered = np.isposinf(rows[f"{percentile}_ms"].to_numpy(float))
    return np.asarray(unanswered | rows["saturated"].to_numpy(bool), dtype=np.bool_)


def _strip_height(axes: Axes) -> float:
    low, top = axes.get_ylim()
    return float(top / (top / low) ** (STRIP_SHARE / (1 + STRIP_SHARE) * 0.7))


def _rate_ticks(rates: list[float]) -> list[float]:
    """The rates measured; every second (third …) one where more than six would crowd."""
    step = math.ceil(len(rates) / 6)
    return rates[::-1][::step][::-1]


def _draw_arm(axes: Axes, arm: Arm, rows: pd.DataFrame, percentile: str) -> tuple[float, float]:
    """One line with its intervals; returns where it ends (requests/s, ms)."""
    rows = rows[rows[f"{percentile}_ms"].notna() | rows["saturated"].astype(bool)]
    if rows.empty:
        return axes.get_xlim()[1], axes.get_ylim()[0]
    colour, lost = arm.style.colour, _lost(rows, percentile)
    x = rows["offered_per_s"].to_numpy(float)
    y = np.where(lost, _strip_height(axes), rows[f"{percentile}_ms"].to_numpy(float))
    sound = np.where(lost, np.nan, y)
    axes.plot(x, y, color=colour, linewidth=0.9, linestyle=":", alpha=0.7)
    axes.plot(x, sound, color=colour, alpha=0.9)
    axes.plot(x[lost], y[lost], linestyle="", marker="x", color=colour, markersize=6, markeredgewidth=1.6, zorder=4)
    low, high = (rows[f"{percentile}_{end}_ms"].to_numpy(float) for end in ("low", "high"))
    unbounded = np.isposinf(high) & ~lost
    high = np.where(unbounded, y, high)
    axes.vlines(x[~lost], low[~lost], high[~lost], color=colour, linewidth=2.6, alpha=0.3)
    axes.vlines(x[unbounded], y[unbounded], y[unbounded] * UNBOUNDED_REACH, color=colour, linewidth=1.4, linestyle=":")
    _draw_marks(axes, arm, x, sound)
    return float(x[-1]), float(y[-1])


def _draw_marks(axes: Axes, arm: Arm, x: Array, y: Array) -> None:
    """A mark a rate."""
    style = arm.style
    look: dict[str, Any] = {"linestyle": "", "marker": style.marker, "markersize": style.marker_size, "zorder": 3}
    axes.plot(x, y, color=style.colour, markeredgecolor="white", markeredgewidth=0.5, **look)
