"""Service time, from taking a request to its answer: what the system needs, without the queue."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.quantile import minimum_n, quantile


@METRICS.register("service_time")
class ServiceTime:
    """Of answered requests."""

    ORDER: ClassVar[int] = 40
    COLUMNS: ClassVar[dict[str, Column]] = {
        "service_p50_ms": Column("median service time", "ms", "lower"),
        "service_p99_ms": Column("p99 of the service time", "ms", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Percentiles whose n carries them."""
        return {
            name: quantile(cell.service_ms, p)
            for name, p in (("service_p50_ms", 0.5), ("service_p99_ms", 0.99))
            if len(cell.service_ms) >= minimum_n(p)
        }
