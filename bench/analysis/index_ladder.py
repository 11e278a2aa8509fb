"""What an index costs and keeps, by the number of items that it holds."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.quantile import minimum_n, percentile_interval, quantile

NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class Rung:
    """One index of one size. Searches are for ten items, one query at a time.

    p50_ms, p99_ms with their 95 % bounds; NaN where there are too few queries. add_s_per_1k: to put 1,000 items.
    resident_bytes: by which building it made the process grow. sum_ratio: median search over the median time of a
    float32 sum over the same vectors with the same threads, right after it.
    """

    index: str
    n_items: int
    build_s: float
    add_s_per_1k: float
    resident_bytes: int
    fidelity_at_10: float
    queries: int
    p50_ms: float
    p50_low_ms: float
    p50_high_ms: float
    p99_ms: float
    p99_low_ms: float
    p99_high_ms: float
    sum_ratio: float

    def as_json(self) -> dict[str, Any]:
        """Plain values; what was not measured is None."""
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class IndexLadder:
    """threads: of a search and of the sum. dim: of the vectors, which are made up."""

    threads: int
    dim: int
    rungs: tuple[Rung, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"threads": self.threads, "dim": self.dim, "rungs": [rung.as_json() for rung in self.rungs]}


def rung_of(*, times_ns: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], **known: Any) -> Rung:
    """A rung from what is known and its times. times_ns: of searches and of sums, int64 [queries], in pairs."""
    query_ns, sum_ns = times_ns
    bounds: dict[str, Any] = {}
    for name, p in (("p50", 0.5), ("p99", 0.99)):
        low, value, high = _percentile_ms(query_ns, p)
        bounds |= {f"{name}_low_ms": low, f"{name}_ms": value, f"{name}_high_ms": high}
    ratio = quantile(query_ns, 0.5) / quantile(sum_ns, 0.5)
    return Rung(**known, queries=len(query_ns), **bounds, sum_ratio=ratio)


def _percentile_ms(times_ns: npt.NDArray[np.int64], p: float) -> tuple[float, float, float]:
    """Low, value, high; NaN where the sample does not carry it."""
    if len(times_ns) < minimum_n(p):
        return math.nan, math.nan, math.nan
    found = percentile_interval(times_ns, p)
    return found.low / NS_PER_MS, found.point / NS_PER_MS, found.high / NS_PER_MS
