"""What grew while a load was held: memory, open files, threads, the tail of the response times, what went unanswered.

One point a block, over the time that the arm has served. The first fifth of the blocks is left out: allocators, caches
and thread pools fill then, in every program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from bench.analysis.stats.quantile import minimum_n, quantile
from bench.analysis.stats.samples import Interval
from bench.analysis.stats.trend import Trend, monotone_trend

S_PER_H = 3600.0
NS_PER_MS = 1e6
SETTLING_SHARE = 0.2
FEWEST_BLOCKS = 8
ALPHA = 0.01
"""Of the Mann–Kendall test for a rise, shared between the arms."""
END_SHARE = 0.2
"""Of the blocks that are looked at: a rise that is over there is seen between the medians of both ends."""
PERCENTILES = (0.99, 0.9, 0.5)
OWING_SHARE = 0.9
"""Of the blocks must owe a percentile for it to be followed. The few thinner ones have no value then."""

Array = npt.NDArray[np.float64]


class Growth(StrEnum):
    """What became of a quantity over the soak."""

    STEADY = "steady"
    GROWS = "grows"
    UNTOLD = "not told"
    UNREAD = "not read"


@dataclass(frozen=True, slots=True)
class Watched:
    """A quantity that should not grow. scale: from the reading to the unit.

    A rise counts when it is of the share of the first value and of the least amount, over what is looked at.
    """

    title: str
    unit: str
    share: float
    least: float = 0.0
    reading: str = ""
    scale: float = 1.0

    def limit(self, first: float) -> float:
        """The smallest rise over the whole soak that counts."""
        return max(self.share * first, self.least)


READ = (
    Watched("Memory", "MB", 0.01, 2.0, "rss_bytes", 1e-6),
    Watched("Open files", "", 0.0, 1.0, "open_files"),
    Watched("Threads", "", 0.0, 1.0, "process_threads"),
)
RESPONSE_TIME = Watched("Response time", "ms", 0.10)
UNANSWERED = Watched("Unanswered", "%", 0.0, 1.0)
COLUMNS = (
    "arm", "label", "quantity", "unit", "served_h", "hours", "blocks", "first", "last", "largest",
    "per_hour", "per_hour_low", "per_hour_high", "p_rising", "growth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity over a soak. hours, series: float64 [blocks], the middle of a block and what was read after it.

    served_h: how long the arm has served in all. In a series NaN stands where nothing was read, and +inf where so many
    requests went unanswered that the percentile is one of theirs.
    """

    arm: str
    label: str
    watched: Watched
    percentile: str
    served_h: float
    hours: Array
    series: Array

    @property
    def title(self) -> str:
        """`Memory`, `Response time p99`."""
        return f"{self.watched.title} {self.percentile}".strip()


def courses(run: Mapping[str, Any], requests: pd.DataFrame) -> tuple[Course, ...]:
    """Every quantity of each arm that served, read or not; none where the run is no soak."""
    if not run["scenario"].get("soak_s"):
        return ()
    found = []
    for arm in run["arms"]:
        blocks = sorted((block for block in run["blocks"] if block["arm"] == arm["name"]), key=lambda one: one["block"])
        walls_h = np.array([block["wall_s"] for block in blocks], np.float64) / S_PER_H
        hours = np.cumsum(walls_h) - walls_h / 2
        name, label = str(arm["name"]), str(arm["label"] or arm["name"])
        for watched, percentile, values in _series(blocks, requests[requests["arm"] == name]):
            found.append(Course(name, label, watched, percentile, float(walls_h.sum()), hours, values))
    return tuple(found)


def soak_table(run: Mapping[str, Any], requests: pd.DataFrame) -> pd.DataFrame:
    """One row a course: where it began and ended, its slope per hour with its interval, and what that means."""
    found = courses(run, requests)
    arms = max(1, len({course.arm for course in found}))
    return pd.DataFrame([_row(course, ALPHA / arms) for course in found], columns=list(COLUMNS))


def _series(blocks: Sequence[Mapping[str, Any]], rows: pd.DataFrame) -> Iterator[tuple[Watched, str, Array]]:
    """What is watched, the percentile that it is of or "", and the values [blocks]; nothing where there is no block."""
    if not blocks:
        return
    for watched in READ:
        values = np.array([block.get(watched.reading, math.nan) for block in blocks], np.float64)
        yield watched, "", values * watched.scale
    ms = _response_ms(blocks, rows)
    yield RESPONSE_TIME, *_percentile(ms)
    yield UNANSWERED, "", np.array([100 * np.isinf(of_block).mean() if of_block.size else math.nan for of_block in ms])


def _response_ms(blocks: Sequence[Mapping[str, Any]], rows: pd.DataFrame) -> list[Array]:
    """Response times of the counted lists of each block, +inf where there was no answer."""
    counted = rows[rows["counted"] & (rows["request_kind"] == "recommend")]
    ms = (counted["observed_ns"] - counted["intended_ns"]) / NS_PER_MS
    groups = ms.where(counted["outcome"] == "answered", math.inf).groupby(counted["block"])
    of_block = {int(str(block)): values.to_numpy(np.float64) for block, values in groups}
    return [of_block.get(block["block"], np.zeros(0)) for block in blocks]


def _percentile(ms: Sequence[Array]) -> tuple[str, Array]:
    """The highest percentile that nearly every block owes, and its value in those that do."""
    sizes = np.array([of_block.size for of_block in ms])
    owed = next((p for p in PERCENTILES if np.mean(sizes >= minimum_n(p)) >= OWING_SHARE), None)
    if owed is None:
        return "", np.full(len(ms), math.nan)
    floor = minimum_n(owed)
    values = [quantile(of_block, owed) if of_block.size >= floor else math.nan for of_block in ms]
    return f"p{100 * owed:g}", np.array(values, np.float64)


def _row(course: Course, alpha: float) -> dict[str, Any]:
    settled = np.arange(course.series.size) >= math.ceil(SETTLING_SHARE * course.series.size)
    kept = settled & ~np.isnan(course.series)
    hours, values = course.hours[kept], course.series[kept]
    first, last, largest = (values[0], values[-1], values.max()) if values.size else (math.nan,) * 3
    row: dict[str, Any] = {
        "arm": course.arm, "label": course.label, "quantity": course.title, "unit": course.watched.unit,
        "served_h": course.served_h, "hours": float(np.ptp(hours)) if values.size else 0.0, "blocks": int(values.size),
        "first": float(first), "last": float(last), "largest": float(largest),
    }  # fmt: skip
    if values.size < FEWEST_BLOCKS:
        nothing = dict.fromkeys(("per_hour", "per_hour_low", "per_hour_high", "p_rising"), math.nan)
        growth = Growth.UNREAD if np.isnan(course.series).all() else Growth.UNTOLD
        return row | nothing | {"growth": growth.value}
    trend = _trend(values, hours)
    growth = _growth(course.watched.limit(row["first"]), values, row["hours"], trend, alpha)
    per_hour = {"per_hour": trend.slope.point, "per_hour_low": trend.slope.low, "per_hour_high": trend.slope.high}
    return row | per_hour | {"p_rising": trend.p_rising, "growth": growth.value}


def _trend(values: Array, hours: Array) -> Trend:
    """With an infinite value there is no slope; the test for a rise asks for the order alone and stays as it is."""
    if np.isfinite(values).all():
        return monotone_trend(values, hours)
    return replace(monotone_trend(rankdata(values), hours), slope=Interval(math.nan, math.nan, math.nan))


def _growth(limit: float, values: Array, hours: float, trend: Trend, alpha: float) -> Growth:
    """Grows: a rise beyond chance that moves it by the limit, in its slope or between the medians of both ends.

    Most pairs of blocks lie before a late leak or step, so it leaves the slope and its bounds at 0. Steady: even the
    highest slope would move it by less than the limit. A rise beyond chance after which the last block alone stands
    above the first by the limit is neither: it may be noise or the beginning of a leak, which more hours would tell.
    """
    rises = trend.p_rising < alpha
    end = math.ceil(END_SHARE * values.size)
    between_ends = float(np.median(values[-end:])) - float(np.median(values[:end]))
    if rises and (trend.slope.point * hours >= limit or between_ends >= limit):
        return Growth.GROWS
    is_level_at_last = not (rises and float(values[-1]) - float(values[0]) >= limit)
    return Growth.STEADY if is_level_at_last and trend.slope.high * hours < limit else Growth.UNTOLD
