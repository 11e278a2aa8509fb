"""Times as people write them in files, to seconds since 1970."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

TimeUnit = Literal["s", "ms"]
UNITS_PER_S = {"s": 1, "ms": 1000}
TOO_FAR_S = 1 << 33
"""Beyond the year 2242, or as long before 1970: a sign of another unit, not a time."""


def all_epoch_seconds(texts: Sequence[str], unit: TimeUnit = "s") -> npt.NDArray[np.float64]:
    """`epoch_seconds` of each, float64 [n]; where all are numbers, five times as fast."""
    try:
        times_s = np.fromiter(map(float, texts), np.float64, len(texts)) / UNITS_PER_S[unit]
    except ValueError:
        return np.array([epoch_seconds(text, unit) for text in texts])
    return np.where(np.abs(times_s) < TOO_FAR_S, np.floor(times_s), math.nan)


def epoch_seconds(text: str, unit: TimeUnit = "s") -> float:
    """Seconds since 1970, rounded down, or nan for what is no time.

    A number counts `unit`s; all else is read as ISO 8601, in UTC where it names no zone.
    """
    try:
        time_s = float(text) / UNITS_PER_S[unit]
    except ValueError:
        time_s = _iso_seconds(text.strip())
    return float(math.floor(time_s)) if abs(time_s) < TOO_FAR_S else math.nan


def _iso_seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
