"""Whether what was offered is what was asked for, and whether there was enough of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.analysis.cell import Cell
from bench.analysis.statements import Finding, Verdict
from bench.analysis.stats.quantile import minimum_n, quantile
from bench.analysis.stats.queueing import relaxation_s
from bench.analysis.validity import Evidence, check, graded, place, titles


@check
class Lateness:
    """The inbox woke up later than a request was due, by an amount that matters to what is measured."""

    DEGRADED_SHARE = 0.05
    INVALID_SHARE = 0.25
    FEWEST = minimum_n(0.5)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Median lateness against the median response time, p99 against p99, where the system was waited for."""
        for cell in evidence.cells:
            share, p = max((self._share(cell, p), p) for p in (0.5, 0.99))
            if verdict := graded(share, self.DEGRADED_SHARE, self.INVALID_SHARE):
                message = f"its requests were handed out late: {100 * share:.0f} % of the response time at p{100 * p:g}"
                advice = "Leave a core free for spinning, or measure something slower."
                yield Finding("lateness", verdict, place(cell), message, advice)

    def _share(self, cell: Cell, p: float) -> float:
        """Lateness at p as a share of the response time at p; 0 where too few were waited for."""
        if "lateness_ns" not in cell.rows or not cell.answered.any():
            return 0.0
        late_ms = cell.rows["lateness_ns"].dropna().to_numpy(float) / 1e6
        if len(late_ms) < max(self.FEWEST, minimum_n(p)):
            return 0.0
        return quantile(late_ms, p) / quantile(cell.response_ms, p)


@check
class Saturation:
    """Latencies of an overloaded queue are those of its length, not of the system."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Named, not held against the run: a load curve is meant to find it."""
        summary = evidence.summary
        saturated = summary[summary["saturated"] & (summary["request_kind"] == "recommend")]
        if len(saturated):
            message = "offered more than they can answer"
            yield Finding("saturation", Verdict.VALID, titles(saturated), message, "Their latencies are not shown.")


@check
class Settling:
    """An open-loop block is counted only after five relaxation times of its queue."""

    TIMES = 5

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Where the stretch left out was shorter, latencies still carry the empty start."""
        short = []
        for cell in evidence.cells:
            if np.isnan(cell.offered_per_s) or not len(cell.service_ms):
                continue
            service_s = float(np.mean(cell.service_ms)) / 1000
            if service_s * cell.offered_per_s >= 1:
                continue  # saturated in all but name: it never settles
            relaxed = self.TIMES * relaxation_s(cell.offered_per_s, service_s) * cell.offered_per_s
            needed = max(relaxed, evidence.run["scenario"]["blocks"].get("settle_requests", 0))
            left_out = (len(cell.served) - len(cell.rows)) / max(1, len(cell.blocks))
            if needed > left_out:
                short.append(f"{place(cell)} ({left_out:.0f} of {needed:.0f} requests)")
        if short:
            message = "blocks begin with an empty queue that has not settled when counting starts: " + ", ".join(short)
            advice = "Raise requests or lower blocks.count."
            yield Finding("settling", Verdict.VALID, "load points near saturation", message, advice)


@check
class Percentiles:
    """Percentiles that the number of requests does not carry are left blank."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Load points without even a median, or whose p99 has no upper bound."""
        summary = evidence.summary
        latencies = summary[(summary["load_kind"] != "offline") & (summary["request_kind"] == "recommend")]
        advice = "Raise the requests of the load."
        bare = latencies[latencies["requests"] < minimum_n(0.5)]
        if len(bare):
            yield Finding("too few requests", Verdict.INVALID, titles(bare), "not even a median", advice)
        unbounded = latencies[np.isinf(latencies["p99_high_ms"].astype(float)) & ~latencies["saturated"]]
        if len(unbounded):
            message = "p99 has no upper bound: dependent latencies are worth fewer requests than it takes"
            yield Finding("effective sample size", Verdict.VALID, titles(unbounded), message, advice)
