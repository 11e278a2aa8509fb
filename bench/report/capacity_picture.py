"""Rate against the limit's percentile: every probe with its interval and verdict, the limit, and the range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.probe_result import ProbeResult, Verdict
from bench.analysis.capacity.statement import Capacity
from bench.quantities import interval, quantity
from bench.report import gutter
from bench.report.axes import HALO, log_ms_axis, log_ticks, plain, slo_label, slo_line, slo_text
from bench.report.drawing import png_bytes, svg_bytes
from bench.report.style import FAINT, INK, LABEL_PT, NOTE_PT, RC, WIDTH_IN, readable

LOOKS: dict[Verdict, dict[str, Any]] = {
    Verdict.PASS: {"marker": "o", "color": "#0072B2", "markerfacecolor": "#0072B2"},
    Verdict.FAIL: {"marker": "X", "color": "#D55E00", "markerfacecolor": "#D55E00"},
    Verdict.UNRESOLVED: {"marker": "o", "color": "#5c5c5c", "markerfacecolor": "white"},
}
"""Colour first, marker as the second cue, as for arms."""
MARK: dict[str, Any] = {"linestyle": "", "markersize": 5.0, "markeredgewidth": 0.9, "zorder": 3}
CONFIRMING: dict[str, Any] = {"marker": "D", "markersize": 7.5, "zorder": 3.5}
NAMES = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.UNRESOLVED: "unresolved: the interval holds the limit"}
RANGE_COLOUR = "#0072B2"
UNSTABLE = "falls behind or still rising"
UNBOUNDED_REACH = 1.25
"""How far up, as a factor, an interval is dotted whose upper bound does not exist."""
STRIP_SHARE, STRIP_COLOUR = 0.13, "#ececec"
HIGHEST_OVER = 20.0
"""Percentiles over so many times the limit stand in the strip too: how far over tells nothing of the capacity."""
ROOM_SHARE, LABEL_HEIGHT = 0.25, 0.86
"""Of the width: what the capacity's label takes. Of the height: where it hangs, just under the strip."""
BOTTOM_IN, HEIGHT_IN, KEY_IN, TOP_IN = 0.52, 2.9, 0.3, 0.36


def draw_capacity(found: Capacity) -> dict[str, bytes]:
    """The picture by file ending: svg and png, the same bytes for the same measurement."""
    with matplotlib.rc_context(RC):
        figure = _draw(found)
        return {"svg": svg_bytes(figure), "png": png_bytes(figure)}


def _draw(found: Capacity) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, BOTTOM_IN + HEIGHT_IN + KEY_IN + TOP_IN))
    width_in = gutter.axes_width_in(gutter.gutter_in([slo_text(found.slo.limit_ms)]))
    axes = gutter.add_axes_in(figure, (gutter.LEFT_IN, BOTTOM_IN, width_in, HEIGHT_IN))
    made = [*found.probes, *([found.confirming] if found.confirming else [])]
    _set_axes(axes, made, found)
    slo_line(axes, found.slo.limit_ms)
    _draw_range(axes, found)
    for probe in found.probes:
        _draw_probe(axes, probe, found, {})
    if found.confirming:
        _draw_probe(axes, found.confirming, found, CONFIRMING)
    axes.set_title(f"{gutter.wrapped(found.label, 40)}: {found.slo.text}", pad=KEY_IN * 72 + 6)
    _write_key(axes, made, found)
    gutter.write_labels(axes, slo_label(axes, found.slo.limit_ms))
    return figure


def _set_axes(axes: Axes, made: Sequence[ProbeResult], found: Capacity) -> None:
    """Both logarithmic, with a strip on top for probes without a percentile of their own."""
    limit_ms = found.slo.limit_ms
    values = [value for probe in made if not _is_lost(probe, found) for value in (probe.tail.low, probe.tail.point)]
    values += [value * UNBOUNDED_REACH for value in values]
    values += [min(probe.tail.high, HIGHEST_OVER * limit_ms) for probe in made if math.isfinite(probe.tail.high)]
    low, high = log_ms_axis(axes.yaxis, [*values, limit_ms, 2 * limit_ms])
    if any(_is_lost(probe, found) for probe in made):
        axes.set_ylim(low, high * (high / low) ** STRIP_SHARE)
        axes.axhspan(high, axes.get_ylim()[1], color=STRIP_COLOUR, linewidth=0, zorder=0.4)
        axes.annotate(UNSTABLE, (0, 1), xycoords="axes fraction", xytext=(3, -3), va="top",
                      textcoords="offset points", fontsize=NOTE_PT, color=FAINT)  # fmt: skip
    rates = [probe.rate_per_s for probe in made]
    axes.set_xscale("log")
    axes.set_xlim(min(rates) / 1.12, max(rates) * 1.12)
    axes.xaxis.set_major_locator(FixedLocator(_rate_ticks(*axes.get_xlim())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.set_xlabel("Offered rate (requests/s)")
    axes.set_ylabel(f"{found.slo.name} of response time (ms)")


def _rate_ticks(low: float, high: float) -> list[float]:
    """Round rates; where 1-2-5 gives fewer than four, parts of the decade."""
    ticks = log_ticks(low, high)
    if len(ticks) >= 4:
        return ticks
    step = 10 ** math.floor(math.log10(high))
    for divisor in (1, 2, 4, 5, 10, 20):
        ticks = [step / divisor * place for place in range(1, 200) if low <= step / divisor * place <= high]
        if len(ticks) >= 4:
            break
    return ticks[:8]


def _is_lost(probe: ProbeResult, found: Capacity) -> bool:
    """Whether the percentile is a matter of how long the probe was, or of failed requests."""
    return probe.unstable or not probe.tail.point <= HIGHEST_OVER * found.slo.limit_ms


def _strip_height(axes: Axes) -> float:
    low, top = axes.get_ylim()
    return float(top / (top / low) ** (STRIP_SHARE / (1 + STRIP_SHARE) * 0.68))


def _draw_range(axes: Axes, found: Capacity) -> None:
    """The band with its point and what it says; nothing where no rate keeps the limit."""
    estimate = found.estimate
    if estimate.bound is Bound.NONE:
        return
    low, point, high = estimate.interval.low, estimate.interval.point, estimate.interval.high
    bounds = interval(low, high) if estimate.bound is Bound.RANGE else "or more"
    left, right = axes.get_xlim()
    axes.axvspan(low, min(high, right), color=RANGE_COLOUR, alpha=0.12, linewidth=0, zorder=0.6)
    axes.axvline(point, color=RANGE_COLOUR, linewidth=1.0, zorder=0.8)
    has_room = math.log(point / left) > ROOM_SHARE * math.log(right / left)
    axes.annotate(  # far over the limit and left of the capacity hardly a probe can stand
        f"{quantity(point, '/s')} {bounds}\n{found.share_of_offline:.2f} of offline", (point, LABEL_HEIGHT),
        xycoords=("data", "axes fraction"), xytext=(-5 if has_room else 5, 0), textcoords="offset points",
        ha="right" if has_room else "left", va="top", color=readable(RANGE_COLOUR), fontsize=LABEL_PT,
        path_effects=HALO, zorder=4,
    )  # fmt: skip


def _draw_probe(axes: Axes, probe: ProbeResult, found: Capacity, more: dict[str, Any]) -> None:
    """One mark with its interval. more: what looks different."""
    look = MARK | LOOKS[probe.verdict] | more
    lost = _is_lost(probe, found)
    y = _strip_height(axes) if lost else probe.tail.point
    if not lost:
        low = max(probe.tail.low, axes.get_ylim()[0])
        high = probe.tail.high if math.isfinite(probe.tail.high) else y
        axes.vlines(probe.rate_per_s, low, high, color=look["color"], linewidth=1.8, alpha=0.3, zorder=2)
        if math.isinf(probe.tail.high):
            axes.vlines(probe.rate_per_s, y, y * UNBOUNDED_REACH, color=look["color"], linewidth=1.0,
                        linestyle=":", zorder=2)  # fmt: skip
    axes.plot([probe.rate_per_s], [y], **look)


def _write_key(axes: Axes, made: Sequence[ProbeResult], found: Capacity) -> None:
    """The verdicts that occur, above the axes."""
    entries = [
        Line2D([], [], label=NAMES[verdict], **MARK | LOOKS[verdict])
        for verdict in Verdict
        if any(probe.verdict is verdict for probe in made)
    ]
    if found.confirming:
        look = MARK | LOOKS[found.confirming.verdict] | CONFIRMING
        entries.append(Line2D([], [], label="confirming run", **look))
    legend = axes.legend(handles=entries, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(entries),
                         handletextpad=0.2, columnspacing=1.2, borderaxespad=0.1, fontsize=LABEL_PT)  # fmt: skip
    for text in legend.get_texts():
        text.set_color(INK)
