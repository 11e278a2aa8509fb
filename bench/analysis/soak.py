"""What grew while a load was held: memory, open files, threads, and the tail of the response times.

One point a block, over the time that the arm has served. The first fifth of the blocks is left out: allocators, caches
and thread pools fill then, in every program.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.analysis.stats.quantile import minimum_n, quantile
from bench.analysis.stats.trend import Trend, monotone_trend

S_PER_H = 3600.0
NS_PER_MS = 1e6
SETTLING_SHARE = 0.2
FEWEST_BLOCKS = 8
ALPHA = 0.01
"""Of the Mann–Kendall test for a rise, shared between the arms."""
PERCENTILES = (0.99, 0.9, 0.5)

Array = npt.NDArray[np.float64]


class Growth(StrEnum):
    """What became of a quantity over the soak."""

    STEADY = "steady"
    GROWS = "grows"
    UNTOLD = "not told"


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


WATCHED = (
    Watched("Memory", "MB", 0.01, 2.0, "rss_bytes", 1e-6),
    Watched("Open files", "", 0.0, 1.0, "open_files"),
    Watched("Threads", "", 0.0, 1.0, "process_threads"),
    Watched("Response time", "ms", 0.10),
)
COLUMNS = (
    "arm", "label", "quantity", "unit", "hours", "blocks", "first", "last", "largest",
    "per_hour", "per_hour_low", "per_hour_high", "p_rising", "growth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity over a soak. hours, series: float64 [blocks], the middle of a block and what was read after it."""

    arm: str
    label: str
    watched: Watched
    percentile: str
    hours: Array
    series: Array

    @property
    def title(self) -> str:
        """`Memory`, `Response time p99`."""
        return f"{self.watched.title} {self.percentile}".strip()


def courses(run: Mapping[str, Any], requests: pd.DataFrame) -> tuple[Course, ...]:
    """Every quantity that was read, an arm after the other; none where the run is no soak."""
    if not run["scenario"].get("soak_s"):
        return ()
    found = []
    for arm in run["arms"]:
        blocks = sorted((block for block in run["blocks"] if block["arm"] == arm["name"]), key=lambda one: one["block"])
        walls_h = np.array([block["wall_s"] for block in blocks], np.float64) / S_PER_H
        hours = np.cumsum(walls_h) - walls_h / 2
        name, label = str(arm["name"]), str(arm["label"] or arm["name"])
        for watched in WATCHED:
            percentile, values = _values(watched, blocks, requests[requests["arm"] == name])
            if np.isfinite(values).any():
                found.append(Course(name, label, watched, percentile, hours, values))
    return tuple(found)


def soak_table(run: Mapping[str, Any], requests: pd.DataFrame) -> pd.DataFrame:
    """One row a course: where it began and ended, its slope per hour with its interval, and what that means."""
    found = courses(run, requests)
    arms = max(1, len({course.arm for course in found}))
    return pd.DataFrame([_row(course, ALPHA / arms) for course in found], columns=list(COLUMNS))


def _values(watched: Watched, blocks: Sequence[Mapping[str, Any]], rows: pd.DataFrame) -> tuple[str, Array]:
    """The percentile it is of, "" for a reading, and the values [blocks]."""
    if watched.reading:
        return "", np.array([block.get(watched.reading, math.nan) for block in blocks], np.float64) * watched.scale
    counted = rows[rows["counted"] & (rows["request_kind"] == "recommend") & (rows["outcome"] == "answered")]
    ms = ((counted["observed_ns"] - counted["intended_ns"]) / NS_PER_MS).groupby(counted["block"])
    fewest = int(ms.size().min()) if len(counted) else 0
    owed = next((p for p in PERCENTILES if fewest >= minimum_n(p)), None)
    if owed is None:
        return "", np.full(len(blocks), math.nan)
    of_block = {int(str(block)): quantile(values.to_numpy(np.float64), owed) for block, values in ms}
    return f"p{100 * owed:g}", np.array([of_block.get(block["block"], math.nan) for block in blocks], np.float64)


def _row(course: Course, alpha: float) -> dict[str, Any]:
    settled = np.arange(course.series.size) >= math.ceil(SETTLING_SHARE * course.series.size)
    kept = settled & np.isfinite(course.series)
    hours, values = course.hours[kept], course.series[kept]
    row: dict[str, Any] = {
        "arm": course.arm, "label": course.label, "quantity": course.title, "unit": course.watched.unit,
        "hours": float(np.ptp(hours)) if values.size else 0.0, "blocks": int(values.size),
        "first": float(values[0]) if values.size else math.nan, "last": float(values[-1]) if values.size else math.nan,
        "largest": float(values.max(initial=-math.inf)),
    }  # fmt: skip
    if values.size < FEWEST_BLOCKS:
        nothing = dict.fromkeys(("per_hour", "per_hour_low", "per_hour_high", "p_rising"), math.nan)
        return row | nothing | {"growth": Growth.UNTOLD.value}
    trend = monotone_trend(values, hours)
    growth = _growth(course.watched.limit(row["first"]), row["hours"], trend, alpha)
    per_hour = {"per_hour": trend.slope.point, "per_hour_low": trend.slope.low, "per_hour_high": trend.slope.high}
    return row | per_hour | {"p_rising": trend.p_rising, "growth": growth.value}


def _growth(limit: float, hours: float, trend: Trend, alpha: float) -> Growth:
    """Grows: a rise beyond chance that moves it by the limit. Steady: even the highest slope would move it by less."""
    if trend.p_rising < alpha and trend.slope.point * hours >= limit:
        return Growth.GROWS
    return Growth.STEADY if trend.slope.high * hours < limit else Growth.UNTOLD
