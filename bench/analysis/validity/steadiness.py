"""Whether the same thing was measured from the first block to the last, and in every process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

from bench.analysis.cell import NS_PER_MS, Cell
from bench.analysis.statements import Finding, Verdict
from bench.analysis.stats.quantile import minimum_n, quantile
from bench.analysis.stats.restarts import restart_spread
from bench.analysis.stats.trend import monotone_trend
from bench.analysis.validity import Evidence, check, place
from bench.quantities import quantity


@check
class Drift:
    """An arm that gets slower or faster while the run goes on.

    Block medians of service time, each as a ratio to its load point's, against the block's turn there. Turns are not
    numbers: with two processes blocks 0, 2, 4, 6 are served before 1, 3, 5, 7. Load points are taken together: a trend
    over the five blocks of one would show by chance in some cell of every run. The level is shared between the arms. An
    arm with a cache is left out: it gets faster while the cache fills, which is no fault.
    """

    ALPHA = 0.01
    SHARE = 0.10
    FEWEST_BLOCKS = 4

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """A monotone trend that moves the service time by more than a tenth over the blocks."""
        cached = {arm["name"] for arm in evidence.run["scenario"].get("arm", ()) if arm.get("cache")}
        of_arms: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for cell in evidence.cells:
            if cell.arm["name"] not in cached:
                of_arms[cell.arm["name"]] += self._ratios(cell)
        label_of = {arm["name"]: arm["label"] for arm in evidence.run["arms"]}
        for name, ratios in of_arms.items():
            turns, values = np.array(ratios, float).T if ratios else (np.zeros(0), np.zeros(0))
            if len(np.unique(turns)) < self.FEWEST_BLOCKS:
                continue
            trend = monotone_trend(values, turns)
            moved = abs(trend.slope.point) * float(np.ptp(turns))
            if min(trend.p_rising, trend.p_falling) < self.ALPHA / len(of_arms) and moved > self.SHARE:
                message = f"service time moved by {100 * moved:.0f} % over the blocks"
                yield Finding("drift", Verdict.DEGRADED, label_of[name], message, "Look for throttling or a leak.")

    @staticmethod
    def _ratios(cell: Cell) -> list[tuple[int, float]]:
        """Turn and relative median of each block with an answer; run.json lists blocks as they were served."""
        turn_of = {block["block"]: turn for turn, block in enumerate(cell.blocks)}
        medians = block_service_medians_ms(cell)
        turns = [turn_of[number] for number in medians.index.get_level_values("block")]
        return list(zip(turns, (medians / medians.median()).to_list(), strict=True))


@check
class Stall:
    """The process stood still while it served a request, or while it waited for one: taken off the machine."""

    TIMES_P99 = 10
    FEWEST = minimum_n(0.99)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """The longest service time, and the longest lateness, against the p99 of service times of the same cell."""
        for cell in evidence.cells:
            if len(cell.service_ms) < self.FEWEST:
                continue
            p99_ms = quantile(cell.service_ms, 0.99)
            longest_ms = max(float(cell.service_ms.max()), self._longest_lateness_ms(cell))
            if longest_ms > self.TIMES_P99 * p99_ms:
                stood, p99 = quantity(longest_ms, "ms"), quantity(p99_ms, "ms")
                message = f"it stood still for {stood}; p99 of its service is {p99}"
                advice = "Look for what stops the process: another job, a suspended machine, a lock."
                yield Finding("stall", Verdict.DEGRADED, place(cell), message, advice)

    @staticmethod
    def _longest_lateness_ms(cell: Cell) -> float:
        if "lateness_ns" not in cell.rows:
            return 0.0
        late_ns = cell.rows["lateness_ns"].dropna()
        return float(late_ns.max()) / NS_PER_MS if len(late_ns) else 0.0


@check
class ProcessSpread:
    """Restarts of an arm differ by more than its blocks do: its figures are those of the process they came from."""

    DEGRADED_RATIO = 1.10
    ALPHA = 0.01

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Process means of block medians of service time, against what the blocks within a process vary."""
        cells = [cell for cell in evidence.cells if cell.in_latency_load and cell.answered.any()]
        for cell in cells:
            medians = block_service_medians_ms(cell)
            groups = [group.to_numpy() for _, group in medians.groupby("process", observed=True)]
            spread = restart_spread(groups)
            if spread is None:
                continue
            if spread.p_value < self.ALPHA / len(cells) and spread.ratio > self.DEGRADED_RATIO:
                message = f"service time differs by {100 * (spread.ratio - 1):.0f} % between restarts"
                advice = "Raise blocks.processes: intervals must cover what a restart changes."
                yield Finding("process spread", Verdict.DEGRADED, place(cell), message, advice)


@check
class SingleProcess:
    """What restarts of a process change was not measured."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Named where each arm ran in one process: its intervals hold for that process."""
        if evidence.run["scenario"]["blocks"]["processes"] == 1:
            message = "one process an arm: intervals leave out what a restart changes"
            yield Finding("processes", Verdict.VALID, "run", message, "Set blocks.processes to 2 or more.")


def block_service_medians_ms(cell: Cell) -> pd.Series:
    """Median service time of the answered requests of each (process, block) that has one."""
    frame = cell.rows.only(cell.answered).frame("process", "block").assign(service_ms=cell.service_ms)
    medians: pd.Series = frame.groupby(["process", "block"], observed=True)["service_ms"].median()
    return medians
