"""Probes of one arm: one worker, kept over all of them, serves a fresh schedule at each rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

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

POISSON = LoadTable(kind="server", requests=1, arrivals=PluginTable(kind="poisson"))
"""What is offered where the scenario has no load with arrivals."""
LONGEST_TRACE, SHORTEST_TRACE = 100_000, 800
NAME = "capacity"


@dataclass(frozen=True)
class Subject:
    """The arm whose capacity is looked for, and where its data lies."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]


class ArmProbe:
    """Serves probes with one worker. Use as a context. `notes`: sentences on what had to be done twice."""

    def __init__(self, subject: Subject, slo: Slo) -> None:
        """Read the data. Raises ConfigError and DataError for what cannot be used."""
        scenario, data = subject.scenario, subject.scenario.data
        self.slo = slo
        self.notes: list[str] = []
        self._subject = subject
        dataset = load_dataset(data.kind, data_dirs=subject.data_dirs, **data.options)
        self._trace = _longest_trace(subject, dataset)
        self._next = self._first = scenario.blocks.warmup_requests
        self._load = next((load for load in scenario.load if load.arrivals), POISSON)
        self._arrived = 0
        self._pool = WorkerPool()
        self._offline_per_s = 0.0

    def __enter__(self) -> ArmProbe:
        """Load and warm up. Raises ArmFailed."""
        arm = self._subject.arm
        try:
            self._pool.start(Assignment(self._subject.scenario, arm, self._subject.data_dirs, len(self._trace)))
            self._warm_up()
        except BaseException:
            self._pool.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.__exit__(*exception)

    def measure_offline(self, requests: int) -> float:
        """Answers a second with all requests at once."""
        served, part = self._serve(LoadTable(kind="offline", requests=requests), None, 0)
        self._offline_per_s = len(part) / max(served.wall_s, 1e-9)
        return self._offline_per_s

    def one_by_one(self, requests: int) -> ProbeResult:
        """What a request takes while nothing ever waits."""
        served, part = self._serve(LoadTable(kind="single_stream", requests=requests), None, 0)
        return judge(self._stamps(served, part, 0.0), Offered(0.0, 0, self._offline_per_s), self.slo)

    def __call__(self, rate_per_s: float, requests: int, number: int) -> ProbeResult:
        """One probe: a fresh schedule, served until nothing waits. number: of its random stream."""
        offered = {"requests": requests, "rates_per_s": (rate_per_s,), "time_scale": 1.0}
        served, part = self._serve(self._load.model_copy(update=offered), rate_per_s, number)
        stamps = self._stamps(served, part, SETTLING_SHARE)
        return judge(stamps, Offered(rate_per_s, number, self._offline_per_s), self.slo)

    def _serve(self, table: LoadTable, rate_per_s: float | None, number: int) -> tuple[Served, Slice]:
        point = LoadPoint(NAME, table, rate_per_s)
        part = Slice(point, number, *self._stretch(table.requests))
        intended_ns = None if rate_per_s is None else self._intended_ns(point, part)
        if self._subject.arm.cache:  # each probe finds it as warm as the last one did
            self._warm_up()
        return self._pool.serve(self._subject.arm.name, Serve(part, intended_ns)), part

    def _warm_up(self) -> None:
        self._pool.warm_up(self._subject.arm.name, WarmUp(0, self._first))

    def _stretch(self, requests: int) -> tuple[int, int]:
        """The next rows of the trace, from its start again where it ends."""
        requests = min(requests, len(self._trace) - self._first)
        if self._next + requests > len(self._trace):
            self._next = self._first
            self._note(f"The data has {len(self._trace):,} requests: they were served more than once.")
        low, self._next = self._next, self._next + requests
        return low, self._next

    def _intended_ns(self, point: LoadPoint, part: Slice) -> npt.NDArray[np.int64]:
        """A fresh schedule; a recording goes on where the last probe left it, from its start again where it ends."""
        try:
            return self._drawn_ns(point, part)
        except ConfigError:
            if not self._arrived:
                raise
            self._arrived = 0
            self._note("The recording of arrivals is shorter than the search: it was replayed more than once.")
            return self._drawn_ns(point, part)

    def _drawn_ns(self, point: LoadPoint, part: Slice) -> npt.NDArray[np.int64]:
        seed, data_dirs = self._subject.scenario.seed, self._subject.data_dirs
        schedule = draw_schedule(seed, point, part.block, len(part), before=self._arrived, data_dirs=data_dirs)
        self._arrived += len(part)
        return schedule.intended_ns

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

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
    """As many requests as the data has, up to what a long search takes; halved until they are there.

    Raises ConfigError where there are too few for a probe.
    """
    wanted = LONGEST_TRACE
    while True:
        try:
            return draw_trace(subject.scenario, dataset, wanted, subject.data_dirs)
        except ConfigError:
            if wanted // 2 < subject.scenario.blocks.warmup_requests + SHORTEST_TRACE:
                raise
            wanted //= 2
