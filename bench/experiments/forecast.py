"""A dry run: how long a scenario would take, how much it would store, which percentiles it would leave blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.stats.quantile import minimum_n
from bench.clock import NS_PER_S
from bench.measure.loads import LOADS
from bench.measure.schedules import draw_schedules
from bench.measure.slices import Slice, counted_requests, cut_slices
from bench.measure.soak import soaked
from bench.scenario import LoadPoint, Scenario
from bench.traffic.rates import resolve_rates
from bench.traffic.requests import draw_trace
from bench.traffic.trace import Trace
from recsys.data.loading import load_dataset
from recsys.placement import PLACEMENTS
from recsys.types import RequestKind

ASSUMED_SERVICE_S = {True: 0.015, False: 0.001}
"""Seconds a request, with a model and without: a guess for loads whose length the system itself decides."""
ASSUMED_LOADING_S = {True: 20.0, False: 3.0}
BYTES_PER_ROW = 120
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds: scheduled ones exactly, the others by a guess. blanks: load points with the percentiles left blank."""

    requests: int
    scheduled_s: float
    guessed_s: float
    disk_bytes: int
    blanks: tuple[tuple[str, tuple[str, ...]], ...]

    def as_text(self) -> str:
        """For people."""
        lines = [
            f"{self.requests} requests an arm",
            f"time: {self.scheduled_s:.0f} s of scheduled load, and about {self.guessed_s:.0f} s for loading, "
            "other load and scoring (a guess: 15 ms a request with a model, 1 ms without)",
            f"disk: about {self.disk_bytes / 1e6:.1f} MB",
        ]
        for title, blank in self.blanks:
            lines.append(f"{title}: " + (f"too few requests for {', '.join(blank)}" if blank else "all percentiles"))
        return "\n".join(lines)


def forecast(scenario: Scenario, data_dirs: Sequence[Path]) -> Forecast:
    """What a run of the scenario would take. Reads the data, so a scenario that cannot run is refused here too."""
    scenario = soaked(resolve_rates(scenario, data_dirs))
    dataset = load_dataset(scenario.data.kind, data_dirs=data_dirs, **scenario.data.options)
    warmup, slices = cut_slices(scenario)
    trace = draw_trace(scenario, dataset, slices[-1].high, data_dirs)
    models = [PLACEMENTS.get(arm.placement).needs_model or arm.reranking is not None for arm in scenario.arm]
    guessed_s = sum(ASSUMED_LOADING_S[model] for model in models) * scenario.blocks.processes
    schedules = draw_schedules(scenario.seed, slices, data_dirs)
    ends_ns = [schedule.intended_ns.max(initial=0) for schedule in schedules.values()]
    scheduled_s = len(models) * float(sum(ends_ns)) / NS_PER_S
    unscheduled = sum(len(part) for part in slices if (part.point, part.block) not in schedules)
    guessed_s += sum(ASSUMED_SERVICE_S[model] for model in models) * unscheduled
    guessed_s += (2 * len(warmup) + slices[-1].high) * ASSUMED_SERVICE_S[True] * sum(models)
    timed = [point for point in scenario.load_points() if LOADS.get(point.table.kind).has_latency]
    blanks = tuple((point.title, _blank(_lists(trace, scenario, point, slices))) for point in timed)
    n = slices[-1].high - warmup.high
    return Forecast(n, scheduled_s, guessed_s, n * len(models) * BYTES_PER_ROW, blanks)


def _lists(trace: Trace, scenario: Scenario, point: LoadPoint, slices: Sequence[Slice]) -> int:
    """Counted requests for a list: percentiles are theirs, and they are fewer than all."""
    n = counted_requests(point, scenario)
    counted = [trace.kind[part.high - n : part.high] for part in slices if part.point == point]
    return sum(int((kinds == RequestKind.RECOMMEND).sum()) for kinds in counted)


def _blank(lists: int) -> tuple[str, ...]:
    """Percentiles that so few requests cannot carry."""
    return tuple(name for name, p in PERCENTILES.items() if lists < minimum_n(p))
