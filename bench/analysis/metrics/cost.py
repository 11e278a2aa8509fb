"""CPU seconds, memory and loading time of the arm's process."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import cpu_work_s, largest, per_1k, told, total

MB_PER_BYTE = 1e-6


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
        blocks = cell.blocks
        if not blocks:
            return {}
        used = per_1k(blocks, {"cpu_s_per_1k": cpu_work_s(blocks), "spin_s_per_1k": total(blocks, "spin_s")})
        memory = told({"rss_peak_mb": largest(blocks, "peak_rss_bytes")}, MB_PER_BYTE)
        return used | memory | {"load_s": max(cell.arm["load_s"])}
