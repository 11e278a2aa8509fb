"""What the cache could not do."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import told, total


@METRICS.register("cache")
class Cache:
    """A cache in another process may be slow or gone; its calls then count as misses."""

    ORDER: ClassVar[int] = 61
    COLUMNS: ClassVar[dict[str, Column]] = {
        "cache_errors": Column("calls to the cache that failed, all kinds of requests together", better="lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The sum over the cell's blocks; empty for an arm without a cache."""
        return told({"cache_errors": total(cell.blocks, "cache_errors")})
