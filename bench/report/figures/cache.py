"""Cache: how long hits and misses take, and how many requests hit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.analysis.statements import Statements
from bench.quantities import MISSING, quantity
from bench.report.arm_rows import Rows, make_rows, say_beside, widest
from bench.report.axes import log_ms_axis
from bench.report.cells import number
from bench.report.figures import FIGURES, NothingToDraw
from bench.report.style import FAINT, NOTE_PT
from bench.report.subjects import Arm, LoadPoint, measured_arms, records, shared_point, single_stream

KINDS = {"hit": "hits", "miss": "misses"}
OFFSET = 0.21
ROW_IN = 0.4
SHARE_GREY = "#e6e6e6"


@dataclass(frozen=True, slots=True)
class Cached:
    """An arm with a cache: its row of the summary."""

    arm: Arm
    row: Mapping[str, Any]

    def ms(self, kind: str, percentile: str) -> float:
        """A percentile of "hit" or "miss"; NaN where too few requests owe it."""
        return number(self.row, f"{kind}_{percentile}_ms")


@FIGURES.register("cache")
class Cache:
    """Percentiles of hits and of misses apart, and the share of hits, one row an arm with a cache."""

    title = "Cache hits and misses"
    caption = (
        "Response time of requests whose texts were all in the cache and of the others, p50 as a filled mark and p99 "
        "as a hollow one, one row an arm with a cache; at the right the share of requests that hit."
    )
    how_to_read = (
        "A cache moves the median and leaves the tail: p99 of all requests is that of the misses until far more than "
        "99 % hit. Compare the misses with the same arm without a cache; what they add is the price of looking. A mark "
        "that is missing was not owed: too few hits, or too few misses."
    )
    order = 70

    def draw(self, statements: Statements) -> Figure:
        """Raises NothingToDraw without an arm that has a cache."""
        point, cached = _where(statements)
        spoken = [_said(one, kind) for one in cached for kind in KINDS]
        rows = Rows([(f"{self.title}, {point.name}", [one.arm for one in cached])], [widest(spoken), "100 %"], ROW_IN,
                    tag="misses")  # fmt: skip
        figure, [[times, shares]] = make_rows(rows)
        every_ms = [one.ms(kind, percentile) for one in cached for kind in KINDS for percentile in ("p50", "p99")]
        log_ms_axis(times.xaxis, every_ms)
        times.set_xlabel("Response time (ms), lower is better")
        shares.set_xlim(0, 100)
        shares.set_xticks([0, 50, 100])
        shares.set_xlabel("Requests that hit (%)")
        for place, one in enumerate(cached):
            for kind, side in (("hit", -1), ("miss", 1)):
                _draw_kind(times, place + side * OFFSET, one, kind)
            _draw_share(shares, place, one)
        return figure

    def notes(self, statements: Statements) -> tuple[str, ...]:
        """The load point."""
        return (f"Load point: {_where(statements)[0].name}.",)


def _where(statements: Statements) -> tuple[LoadPoint, list[Cached]]:
    """The load point and the arms with a cache there."""
    for point in (shared_point(statements), single_stream(statements)):
        if point is not None and "cache_hit_ratio" in statements.summary:
            rows = {row["arm"]: row for row in records(point.rows(statements.summary))}
            arms = [Cached(arm, rows[arm.name]) for arm in measured_arms(statements)]
            cached = [one for one in arms if not math.isnan(number(one.row, "cache_hit_ratio"))]
            if cached:
                return point, cached
    raise NothingToDraw("No arm has a cache.")


def _said(one: Cached, kind: str) -> str:
    """The median and p99 in words: `1.10 ms, p99 3.20 ms`."""
    p50_ms, p99_ms = one.ms(kind, "p50"), one.ms(kind, "p99")
    if math.isnan(p50_ms):
        return MISSING
    return f"{quantity(p50_ms, 'ms')}, p99 {quantity(p99_ms, 'ms')}"


def _draw_kind(axes: Axes, y: float, one: Cached, kind: str) -> None:
    """One line from p50 to p99."""
    style, p50_ms, p99_ms = one.arm.style, one.ms(kind, "p50"), one.ms(kind, "p99")
    look: dict[str, Any] = {"marker": style.marker, "markersize": style.marker_size, "color": style.colour, "zorder": 3}
    axes.plot([p50_ms, p99_ms], [y, y], color=style.colour, linewidth=1.2, alpha=0.5, zorder=2)
    axes.plot(p99_ms, y, markerfacecolor="white", markeredgewidth=1.1, **look)
    axes.plot(p50_ms, y, markeredgecolor="white", markeredgewidth=0.5, **look)
    axes.annotate(KINDS[kind], (0, y), xycoords=axes.get_yaxis_transform(), xytext=(-4, 0), ha="right", va="center",
                  textcoords="offset points", fontsize=NOTE_PT, color=FAINT, annotation_clip=False)  # fmt: skip
    say_beside(axes, y, _said(one, kind))


def _draw_share(axes: Axes, place: int, one: Cached) -> None:
    share = 100 * number(one.row, "cache_hit_ratio")
    axes.barh(place, 100, height=0.4, color=SHARE_GREY, linewidth=0)
    axes.barh(place, share, height=0.4, color=one.arm.style.colour, linewidth=0)
    # 100 % is said of all requests only, as 0 % of none
    say_beside(axes, place, f"{share:.0f} %" if share in (0, 100) else quantity(min(max(share, 0.1), 99.9), "%"))
