"""Staleness, from an event's intended time until the next request sees it.

Updates are applied by the requests that bring them, in their places among the others, and before these are told done:
a request that is taken after that sees them (`recsys.serving`). So the staleness of an update is its own response time.
With several workers that is an upper bound: what another one begins meanwhile may see it already.
"""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.quantile import minimum_n, quantile


@METRICS.register("staleness")
class Staleness:
    """Empty for requests for a list, and offline. An update that failed is never seen: infinite."""

    ORDER: ClassVar[int] = 44
    COLUMNS: ClassVar[dict[str, Column]] = {
        "staleness_p50_ms": Column(
            "half of the feedback or ingests were visible within, counted from their intended time", "ms", "lower"
        ),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The median, where there are enough updates for one."""
        too_few = len(cell.rows) < minimum_n(0.5)
        if cell.request_kind == "recommend" or not cell.in_latency_load or too_few:
            return {}
        return {"staleness_p50_ms": quantile(cell.response_ms, 0.5)}
