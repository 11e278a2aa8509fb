"""A run judges itself: one class a check, each with a threshold relative to what is measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd

from bench.analysis.cell import Cell, cells
from bench.analysis.statements import Finding, Verdict
from bench.analysis.stats.quantile import minimum_n
from bench.analysis.stats.queueing import relaxation_s
from bench.analysis.stats.trend import monotone_trend


class Check(Protocol):
    """Looks at a whole run and reports what makes its numbers less trustworthy."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Nothing where all is well."""


class ArmsMeasured:
    """Arms that failed are missing from every comparison."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Failed arms degrade a run; skipped ones are only named."""
        for arm in run["arms"]:
            if arm["status"] != "measured":
                verdict = Verdict.DEGRADED if arm["status"] == "failed" else Verdict.VALID
                yield Finding(
                    "arms",
                    verdict,
                    arm["label"],
                    f"{arm['status']}: {arm['reason']}",
                    "See the list of what can be built here.",
                )


class RunComplete:
    """A run that was stopped has fewer blocks than planned."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Degraded when stopped."""
        if run["status"] != "complete":
            yield Finding(
                "complete", Verdict.DEGRADED, "run", "it was stopped before its end", "Measure again for all blocks."
            )


class CpuSteal:
    """The hypervisor gave the processors to somebody else while blocks were timed."""

    DEGRADED_SHARE = 0.02
    INVALID_SHARE = 0.10

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Steal as a share of the processor time of the blocks."""
        wall_s = sum(block["wall_s"] for block in run["blocks"]) * _cores(run)
        share = sum(block["steal_s"] for block in run["blocks"]) / wall_s if wall_s else 0.0
        if share > self.DEGRADED_SHARE:
            verdict = Verdict.INVALID if share > self.INVALID_SHARE else Verdict.DEGRADED
            yield Finding(
                "steal",
                verdict,
                "machine",
                f"{100 * share:.1f} % of the processor time was stolen",
                "Use a machine of your own.",
            )


class OtherLoad:
    """Something else worked on the machine while blocks were timed."""

    DEGRADED_SHARE = 0.10
    INVALID_SHARE = 0.40

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Processor time of other processes, in cores; blocks under 100 ms are too short for the counters' ticks."""
        blocks = [block for block in run["blocks"] if block["wall_s"] >= 0.1]
        wall_s = sum(block["wall_s"] for block in blocks)
        cores = sum(block["others_s"] for block in blocks) / wall_s if wall_s else 0.0
        if cores > self.DEGRADED_SHARE:
            verdict = Verdict.INVALID if cores > self.INVALID_SHARE else Verdict.DEGRADED
            message = f"other processes used {cores:.2f} of {_cores(run)} cores while blocks were timed"
            yield Finding("other load", verdict, "machine", message, "Stop them and measure again.")


class Quietness:
    """An arm's threads still worked when the next arm's block began."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Degraded where a worker did not come to rest within the limit."""
        restless = sorted({block["arm"] for block in run["blocks"] if not block["was_quiet"]})
        if restless:
            yield Finding(
                "quiet",
                Verdict.DEGRADED,
                ", ".join(restless),
                "threads went on after a block",
                "Turn their spinning off.",
            )


class Unanswered:
    """Requests without an answer stand in every percentile as infinite."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Counts of lost requests, arm by arm."""
        lost = requests[requests["outcome"] != "answered"]
        groups: list[tuple[Any, pd.DataFrame]] = list(lost.groupby(["arm", "outcome"], sort=True))
        for (arm, outcome), rows in groups:
            yield Finding(
                "unanswered",
                Verdict.DEGRADED,
                arm,
                f"{len(rows)} requests {outcome}",
                "Lower the rate, or raise the limit.",
            )


class Saturation:
    """Latencies of an overloaded queue are those of its length, not of the system."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Named, not held against the run: a load curve is meant to find it."""
        saturated = summary[summary["saturated"] & (summary["request_kind"] == "recommend")]
        if len(saturated):
            message = "offered more than they can answer"
            yield Finding("saturation", Verdict.VALID, _titles(saturated), message, "Their latencies are not shown.")


class Settling:
    """An open-loop block is counted only after five relaxation times of its queue."""

    TIMES = 5

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Where the stretch left out was shorter, latencies still carry the empty start."""
        short = []
        for cell in _open_loop(run, requests, summary):
            service_s = float(np.mean(cell.service_ms)) / 1000
            if service_s * cell.offered_per_s >= 1:
                continue  # saturated in all but name: it never settles
            relaxed = self.TIMES * relaxation_s(cell.offered_per_s, service_s) * cell.offered_per_s
            needed = max(relaxed, run["scenario"]["blocks"].get("settle_requests", 0))
            left_out = (len(cell.served) - len(cell.rows)) / max(1, len(cell.blocks))
            if needed > left_out:
                short.append(
                    f"{cell.arm['label']} at {cell.offered_per_s:g}/s ({left_out:.0f} of {needed:.0f} requests)"
                )
        if short:
            message = "blocks begin with an empty queue that has not settled when counting starts: " + ", ".join(short)
            yield Finding(
                "settling",
                Verdict.VALID,
                "load points near saturation",
                message,
                "Raise requests or lower blocks.count.",
            )


class Drift:
    """An arm that gets slower or faster while the run goes on.

    Block medians of service time, each as a ratio to its load point's, against the number of the block. Load points
    are taken together: a trend over the five blocks of one would show by chance in some cell of every run. The level is
    shared between the arms. An arm with a cache is left out: it gets faster while the cache fills, which is no fault.
    """

    ALPHA = 0.01
    SHARE = 0.10
    FEWEST_BLOCKS = 4

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """A monotone trend that moves the service time by more than a tenth over the blocks."""
        cached = {arm["name"] for arm in run["scenario"].get("arm", ()) if arm.get("cache")}
        of_arms: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for cell in cells(run, requests):
            if cell.arm["name"] not in cached and cell.request_kind == "recommend":
                of_arms[cell.arm["label"]] += self._ratios(cell)
        for label, ratios in of_arms.items():
            places, values = np.array(ratios, float).T if ratios else (np.zeros(0), np.zeros(0))
            if len(np.unique(places)) < self.FEWEST_BLOCKS:
                continue
            trend = monotone_trend(values, places)
            moved = abs(trend.slope.point) * float(np.ptp(places))
            if min(trend.p_rising, trend.p_falling) < self.ALPHA / len(of_arms) and moved > self.SHARE:
                message = f"service time moved by {100 * moved:.0f} % over the blocks"
                yield Finding("drift", Verdict.DEGRADED, label, message, "Look for throttling or a leak.")

    @staticmethod
    def _ratios(cell: Cell) -> list[tuple[int, float]]:
        """Number and relative median of each block with an answer."""
        service_ms = (cell.rows["observed_ns"] - cell.rows["taken_ns"]).to_numpy(float)[cell.answered]
        medians = pd.Series(service_ms).groupby(cell.rows["block"].to_numpy()[cell.answered]).median()
        numbers = medians.index.to_numpy(int).tolist()
        return list(zip(numbers, (medians / medians.median()).to_list(), strict=True))


class Collections:
    """Python's collector ran inside a timed block."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """It is frozen and off; a library may turn it on again."""
        arms = sorted({block["arm"] for block in run["blocks"] if block["collections"]})
        if arms:
            yield Finding(
                "garbage collection",
                Verdict.DEGRADED,
                ", ".join(arms),
                "the collector ran in timed blocks",
                "Find what enables it.",
            )


class SingleProcess:
    """What restarts of a process change was not measured."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Named where each arm ran in one process: its intervals hold for that process."""
        if run["scenario"]["blocks"]["processes"] == 1:
            message = "one process an arm: intervals leave out what a restart changes"
            yield Finding("processes", Verdict.VALID, "run", message, "Set blocks.processes to 2 or more.")


class Percentiles:
    """Percentiles that the number of requests does not carry are left blank."""

    def findings(self, run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Finding]:
        """Load points without even a median, or whose p99 has no upper bound."""
        latencies = summary[(summary["load_kind"] != "offline") & (summary["request_kind"] == "recommend")]
        bare = latencies[latencies["requests"] < minimum_n(0.5)]
        if len(bare):
            yield Finding(
                "too few requests",
                Verdict.INVALID,
                _titles(bare),
                "not even a median",
                "Raise the requests of the load.",
            )
        unbounded = latencies[np.isinf(latencies["p99_high_ms"].astype(float)) & ~latencies["saturated"]]
        if len(unbounded):
            message = "p99 has no upper bound: dependent latencies are worth fewer requests than it takes"
            yield Finding(
                "effective sample size", Verdict.VALID, _titles(unbounded), message, "Raise the requests of the load."
            )


CHECKS: tuple[Check, ...] = (
    ArmsMeasured(),
    RunComplete(),
    CpuSteal(),
    OtherLoad(),
    Quietness(),
    Unanswered(),
    Drift(),
    Collections(),
    Percentiles(),
    Settling(),
    Saturation(),
    SingleProcess(),
)


def judge(run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> tuple[Verdict, tuple[Finding, ...]]:
    """The worst verdict of all checks, and everything they found, the worst first."""
    order = [Verdict.INVALID, Verdict.DEGRADED, Verdict.VALID]
    found = [finding for check in CHECKS for finding in check.findings(run, requests, summary)]
    found.sort(key=lambda finding: order.index(finding.verdict))
    return (found[0].verdict if found else Verdict.VALID), tuple(found)


def _cores(run: dict[str, Any]) -> int:
    return int(run["environment"]["load_average"]["cores"])


def _open_loop(run: dict[str, Any], requests: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Cell]:
    """Cells of lists at a rate, saturated ones left out."""
    rows = summary[summary["saturated"]]
    saturated = set(zip(rows["arm"], rows["load"], rows["offered_per_s"], strict=True))
    for cell in cells(run, requests):
        key = (cell.arm["name"], cell.load, cell.offered_per_s)
        if (
            not np.isnan(cell.offered_per_s)
            and cell.request_kind == "recommend"
            and key not in saturated
            and len(cell.service_ms)
        ):
            yield cell


def _titles(rows: pd.DataFrame) -> str:
    places = [
        f"{row['label']}, {row['load']}" + ("" if np.isnan(row["offered_per_s"]) else f" {row['offered_per_s']:g}/s")
        for row in rows.to_dict("records")
    ]
    return "; ".join(places)
