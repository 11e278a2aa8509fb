"""CPU seconds, memory and loading time of the arm's process."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column

BYTES_PER_MB = 1e6


@METRICS.register("cost")
class Cost:
    """CPU seconds leave out the inbox's spinning, which is a column of its own; libraries' threads may spin too."""

    ORDER: ClassVar[int] = 70
    COLUMNS: ClassVar[dict[str, Column]] = {
        "cpu_s_per_1k": Column("CPU seconds of all threads for 1,000 requests of the block, all kinds", "s", "lower"),
        "spin_s_per_1k": Column("seconds that the inbox spun while nothing was due, for 1,000 requests", "s"),
        "rss_peak_mb": Column("largest resident set of the process so far, loading included", "MB", "lower"),
        "load_s": Column("from an empty process to a filled index: libraries, model, catalogue", "s", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Sums over the cell's blocks; a kind's share of a block's CPU cannot be told from the others'."""
        requests = sum(block["requests"] for block in cell.blocks)
        if not requests:
            return {}
        cpu_s = sum(block["cpu_s"] - block["spin_s"] for block in cell.blocks)
        return {
            "cpu_s_per_1k": 1000 * cpu_s / requests,
            "spin_s_per_1k": 1000 * sum(block["spin_s"] for block in cell.blocks) / requests,
            "rss_peak_mb": max(block["peak_rss_bytes"] for block in cell.blocks) / BYTES_PER_MB,
            "load_s": max(cell.arm["load_s"]),
        }
