"""How late the inbox was: what the instrument itself adds to a response time."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.stats.quantile import minimum_n, quantile

US_PER_NS = 1e-3


@METRICS.register("lateness")
class Lateness:
    """Of counted requests that found the system idle: from when a request was due to when the inbox handed it out.

    A request that fell due while the system was busy waited for the system, not for the instrument, and has none.
    """

    ORDER: ClassVar[int] = 45
    COLUMNS: ClassVar[dict[str, Column]] = {
        "lateness_p50_us": Column("median delay of the inbox, over requests that found the system idle", "µs", "lower"),
        "lateness_p99_us": Column("p99 delay of the inbox, over requests that found the system idle", "µs", "lower"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Percentiles whose n carries them; nothing of a run that was stored without lateness."""
        if "lateness_ns" not in cell.rows:
            return {}
        late_us = cell.rows["lateness_ns"].dropna().to_numpy(float) * US_PER_NS
        percentiles = (("lateness_p50_us", 0.5), ("lateness_p99_us", 0.99))
        return {name: quantile(late_us, p) for name, p in percentiles if len(late_us) >= minimum_n(p)}
