"""Axes that read like a paper's: milliseconds in plain numbers, and percentiles with one decade a nine."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from bench.report.gutter import Label
from bench.report.style import RULE

HALO = [withStroke(linewidth=2.5, foreground="white")]
"""Put around text that a line may cross."""

PERCENTILE_TICKS = (2, 10, 100, 1_000, 10_000, 100_000)
MOST_TICKS = 8


def log_ms_axis(axis: XAxis | YAxis, values_ms: Iterable[float]) -> tuple[float, float]:
    """Make a log axis in ms that holds the finite values with a little air; returns its limits (low, high).

    Ticks stand at 1, 2 and 5 a decade, at 1 alone where that would crowd.
    """
    finite = [value for value in values_ms if 0 < value < math.inf]
    low, high = (min(finite), max(finite)) if finite else (1.0, 10.0)
    air = max(1.12, (high / low) ** 0.06)
    low, high = low / air, high * air
    if high / low < 4:
        centre = math.sqrt(low * high)
        low, high = centre / 2, centre * 2
    _set_log_limits(axis, low, high)
    axis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    return low, high


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between low and high, at most eight: steps of 1-2-5, of 1-3, of decades, of every second decade."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        ticks = [step * 10.0**decade for decade in decades if decade % every == 0 for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MOST_TICKS:
            break
    return ticks


def plain(value: float) -> str:
    """A tick's number without an exponent: `0.5`, `20`, `1,000`."""
    return f"{value:,.10g}"


def percentile_axis(axes: Axes, most_samples: int) -> None:
    """Percentiles on the axis x = 1 / (1 − p), log: one decade a nine, as HdrHistogram draws it.

    most_samples: the longest curve's samples; the axis ends where that curve does.
    """
    axes.set_xscale("log")
    axes.set_xlim(1.5, max(300.0, 1.25 * most_samples))
    ticks = [tick for tick in PERCENTILE_TICKS if tick <= axes.get_xlim()[1]]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"p{100 * (1 - 1 / x):.10g}"))
    axes.set_xlabel("Percentile (each decade adds one nine)")


def slo_line(axes: Axes, slo_ms: float | None) -> None:
    """The service level objective as a dashed line; nothing without one. Its name goes into the gutter: slo_label."""
    if slo_ms is not None:
        axes.axhline(slo_ms, color=RULE, linewidth=0.9, linestyle="--", zorder=1.5)


def slo_label(axes: Axes, slo_ms: float | None) -> list[Label]:
    """The line's name with its value, to be written among the other labels; none without a limit."""
    return [] if slo_ms is None else [Label(slo_text(slo_ms), axes.get_xlim()[1], slo_ms)]


def slo_text(slo_ms: float | None) -> str:
    """What is written at the limit's line: `SLO 100 ms`; "" without one. The gutter must be wide enough for it."""
    return "" if slo_ms is None else f"SLO {plain(slo_ms)} ms"


def _set_log_limits(axis: XAxis | YAxis, low: float, high: float) -> None:
    if isinstance(axis, XAxis):
        axis.axes.set_xscale("log")
        axis.axes.set_xlim(low, high)
    else:
        axis.axes.set_yscale("log")
        axis.axes.set_ylim(low, high)
