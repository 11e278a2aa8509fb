"""Probes of one arm: one worker, kept over all of them, serves a fresh schedule at each rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.analysis.capacity.judgement import Offered, Stamps, judge
from bench.analysis.capacity.probe_result import ProbeResult
from bench.analysis.capacity.slo import Slo
from bench.errors import ConfigError
from bench.measure.pool import WorkerPool
from bench.measure.recorder import Outcome
from bench.measure.slices import SETTLING_SHARE, Slice
from bench.measure.worker import Assignment, Serve, Served, WarmUp
from bench.scenario import ArmTable, LoadPoint, LoadTable, PluginTable, Scenario
from bench.traffic.requests import draw_trace
from bench.traffic.schedule import draw_schedule
from bench.traffic.trace import Trace
from recsys.data import Dataset
from recsys.data.loading import load_dataset
from recsys.types import RequestKind

POISSON = PluginTable(kind="poisson")
LONGEST_TRACE = 40_000
NAME = "capacity"


@dataclass(frozen=True)
class Subject:
    """The arm whose capacity is looked for, and where its data lies."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]


class ArmProbe:
    """Serves probes with one worker. Use as a context. `reused`: the trace was too short and began anew."""

    def __init__(self, subject: Subject, slo: Slo) -> None:
        scenario, data = subject.scenario, subject.scenario.data
        self._subject = subject
        self._slo = slo
        dataset = load_dataset(data.kind, data_dirs=subject.data_dirs, **data.options)
        self._trace = _longest_trace(subject, dataset)
        self._first = scenario.blocks.warmup_requests
        self._next = self._first
        self._arrivals = next((load.arrivals for load in scenario.load if load.arrivals), POISSON)
        self._pool = WorkerPool()
        self.offline_per_s = 0.0
        self.reused = False

    def __enter__(self) -> ArmProbe:
        """Load and warm up. Raises ArmFailed."""
        arm = self._subject.arm
        self._pool.start(Assignment(self._subject.scenario, arm, self._subject.data_dirs, len(self._trace)))
        self._pool.warm_up(arm.name, WarmUp(0, self._first))
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.__exit__(*exception)

    def measure_offline(self, requests: int) -> float:
        """Answers a second with all requests at once."""
        served, part = self._serve(LoadTable(kind="offline", requests=requests), None, requests)
        self.offline_per_s = len(part) / max(served.wall_s, 1e-9)
        return self.offline_per_s

    def one_by_one(self, requests: int) -> ProbeResult:
        """What a request takes while nothing ever waits."""
        served, part = self._serve(LoadTable(kind="single_stream", requests=requests), None, requests)
        return judge(self._stamps(served, part, 0.0), Offered(0.0, 0, self.offline_per_s), self._slo)

    def __call__(self, rate_per_s: float, requests: int, number: int) -> ProbeResult:
        """One probe: a fresh schedule, served until nothing waits. number: of its random stream."""
        table = LoadTable(kind="server", requests=requests, arrivals=self._arrivals, rates_per_s=(rate_per_s,))
        served, part = self._serve(table, rate_per_s, requests, number)
        offered = Offered(rate_per_s, number, self.offline_per_s)
        return judge(self._stamps(served, part, SETTLING_SHARE), offered, self._slo)

    def _serve(
        self, table: LoadTable, rate_per_s: float | None, requests: int, number: int = 0
    ) -> tuple[Served, Slice]:
        point = LoadPoint(NAME, table, rate_per_s)
        low, high = self._stretch(requests)
        intended_ns = None
        if rate_per_s is not None:
            seed, data_dirs = self._subject.scenario.seed, self._subject.data_dirs
            intended_ns = draw_schedule(seed, point, number, high - low, before=0, data_dirs=data_dirs).intended_ns
        part = Slice(point, number, low, high)
        return self._pool.serve(self._subject.arm.name, Serve(part, intended_ns)), part

    def _stretch(self, requests: int) -> tuple[int, int]:
        """The next rows of the trace, from its start again where it ends."""
        requests = min(requests, len(self._trace) - self._first)
        if self._next + requests > len(self._trace):
            self._next, self.reused = self._first, True
        low, self._next = self._next, self._next + requests
        return low, self._next

    def _stamps(self, served: Served, part: Slice, settling: float) -> Stamps:
        ends_ns = served.stage_ends_ns
        in_batch_ns = ends_ns["batch_wait"] - ends_ns["prepare"]
        asked = self._trace.kind[part.low : part.high] == RequestKind.RECOMMEND
        return Stamps(
            intended_ns=served.intended_ns,
            ended_ns=served.observed_ns,
            service_ns=served.observed_ns - served.taken_ns - in_batch_ns,
            answered=served.outcomes == Outcome.ANSWERED,
            counted=asked & (np.arange(len(part)) >= settling * len(part)),
        )


def _longest_trace(subject: Subject, dataset: Dataset) -> Trace:
    """As many requests as the data has, up to what a long search takes."""
    wanted = LONGEST_TRACE
    while True:
        try:
            return draw_trace(subject.scenario, dataset, wanted, subject.data_dirs)
        except ConfigError:
            if wanted < 2 * (subject.scenario.blocks.warmup_requests + 400):
                raise
            wanted //= 2
