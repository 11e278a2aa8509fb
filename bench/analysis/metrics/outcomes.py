"""How many requests there were and how they ended."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column


@METRICS.register("outcomes")
class Outcomes:
    """Counted requests; those without an answer stay in every percentile as infinite."""

    ORDER: ClassVar[int] = 20
    COLUMNS: ClassVar[dict[str, Column]] = {
        "requests": Column("counted requests"),
        "dropped": Column("requests without an answer, all causes", better="lower"),
        "failed": Column("requests that ended in an error", better="lower"),
        "timed_out": Column("requests that waited longer than their limit", better="lower"),
        "refused": Column("requests turned away", better="lower"),
        "within_slo": Column("share of requests answered within the SLO", better="higher"),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """Counts, and the share within the SLO where response times are latencies."""
        outcome = cell.rows["outcome"]
        values: dict[str, object] = {"requests": len(outcome), "dropped": int((outcome != "answered").sum())}
        values |= {kind: int((outcome == kind).sum()) for kind in ("failed", "timed_out", "refused")}
        if cell.in_latency_load and len(outcome):
            values["within_slo"] = float((cell.response_ms <= cell.run["scenario"]["slo"]["p99_ms"]).mean())
        return values
