"""Work for the encoder: tokens a request, and what the cache saves of it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.quantile import minimum_n, quantile


@METRICS.register("tokens")
class Tokens:
    """Of counted requests for a list. A cached text costs 0 tokens; a hit is a request that needed none."""

    ORDER: ClassVar[int] = 60
    COLUMNS: ClassVar[dict[str, Column]] = {
        "tokens_per_request": Column("tokens that the encoder computed, padding left out", better="lower"),
        "padded_tokens_per_request": Column("tokens that the encoder computed, padding included", better="lower"),
        "cache_hit_ratio": Column("share of requests that needed no encoding", better="higher"),
        "hit_p50_ms": Column("median response time of hits", "ms", "lower"),
        "hit_p99_ms": Column("p99 of hits", "ms", "lower"),
        "miss_p50_ms": Column("median response time of misses", "ms", "lower"),
        "miss_p99_ms": Column("p99 of misses", "ms", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Means, and percentiles of hits and misses apart where n carries them."""
        if cell.request_kind != "recommend" or not cell.answered.any():
            return {}
        values: dict[str, object] = {
            "tokens_per_request": float(cell.rows["tokens"][cell.answered].mean()),
            "padded_tokens_per_request": float(cell.rows["padded_tokens"][cell.answered].mean()),
        }
        known = cell.rows["cache_hit"].notna().to_numpy()
        if known.any():
            hits = cell.rows["cache_hit"][known].to_numpy(bool)
            values["cache_hit_ratio"] = float(hits.mean())
            if cell.in_latency_load:
                response_ms = cell.response_ms[known]
                values |= _percentiles("hit", response_ms[hits]) | _percentiles("miss", response_ms[~hits])
        return values


def _percentiles(name: str, response_ms: npt.NDArray[np.float64]) -> dict[str, object]:
    return {
        f"{name}_{label}_ms": quantile(response_ms, p)
        for label, p in (("p50", 0.5), ("p99", 0.99))
        if len(response_ms) >= minimum_n(p)
    }
