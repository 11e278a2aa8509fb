"""One arm in one worker, kept over many blocks: each is served on the next requests and a fresh schedule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.measure.assignment import Assignment
from bench.measure.pool import Ready, WorkerPool
from bench.measure.slices import Slice
from bench.measure.worker import Serve, Served, WarmUp
from bench.scenario import ArmTable, LoadPoint, LoadTable, PluginTable, Scenario
from bench.traffic.requests import draw_trace
from bench.traffic.schedule import draw_schedule
from bench.traffic.trace import Trace
from recsys.data import Dataset
from recsys.data.loading import load_dataset

POISSON = LoadTable(kind="server", requests=1, arrivals=PluginTable(kind="poisson"))
"""What is offered where the scenario has no load with arrivals."""
LONGEST_TRACE, SHORTEST_TRACE = 100_000, 800
NAME = "capacity"


@dataclass(frozen=True)
class Subject:
    """The arm that is measured, and where its data lies."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]

    @property
    def open_load(self) -> LoadTable:
        """The scenario's first load with arrivals; a Poisson process where it has none."""
        return next((load for load in self.scenario.load if load.arrivals), POISSON)


class ArmWorker:
    """Use as a context. ready: what was built, once inside. notes: sentences on what had to be done twice."""

    ready: Ready

    def __init__(self, subject: Subject) -> None:
        """Read the data. Raises ConfigError and DataError for what cannot be used."""
        scenario, data = subject.scenario, subject.scenario.data
        self.notes: list[str] = []
        self._subject = subject
        self.trace = _longest_trace(subject, load_dataset(data.kind, data_dirs=subject.data_dirs, **data.options))
        self._next = self._first = scenario.blocks.warmup_requests
        self._arrived = 0
        self._pool = WorkerPool()

    def __enter__(self) -> ArmWorker:
        """Load and warm up. Raises ArmFailed."""
        arm = self._subject.arm
        try:
            assignment = Assignment(self._subject.scenario, arm, self._subject.data_dirs, len(self.trace))
            self.ready = self._pool.start(assignment)
            self._warm_up()
        except BaseException:
            self._pool.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.__exit__(*exception)

    def serve(self, table: LoadTable) -> tuple[Served, Slice]:
        """A block of a load without a schedule."""
        return self._serve(table, None, 0)

    def serve_at(self, rate_per_s: float, requests: int, number: int) -> tuple[Served, Slice]:
        """A block of the scenario's arrivals at this rate. number: of its random stream."""
        offered = {"requests": requests, "rates_per_s": (rate_per_s,), "time_scale": 1.0}
        return self._serve(self._subject.open_load.model_copy(update=offered), rate_per_s, number)

    def kinds(self, part: Slice) -> npt.NDArray[np.int8]:
        """What its requests ask for."""
        return self.trace.kind[part.low : part.high]

    def _serve(self, table: LoadTable, rate_per_s: float | None, number: int) -> tuple[Served, Slice]:
        point = LoadPoint(NAME, table, rate_per_s)
        part = Slice(point, number, *self._stretch(table.requests))
        intended_ns = None if rate_per_s is None else self._intended_ns(point, part)
        if self._subject.arm.cache:  # each block finds it as warm as the last one did
            self._warm_up()
        return self._pool.serve(self._subject.arm.name, Serve(part, intended_ns)), part

    def _warm_up(self) -> None:
        self._pool.warm_up(self._subject.arm.name, WarmUp(0, self._first))

    def _stretch(self, requests: int) -> tuple[int, int]:
        """The next rows of the trace, from its start again where it ends."""
        requests = min(requests, len(self.trace) - self._first)
        if self._next + requests > len(self.trace):
            self._next = self._first
            self._note(f"The data has {len(self.trace):,} requests: they were served more than once.")
        low, self._next = self._next, self._next + requests
        return low, self._next

    def _intended_ns(self, point: LoadPoint, part: Slice) -> npt.NDArray[np.int64]:
        """A fresh schedule; a recording goes on where the last block left it, from its start again where it ends."""
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
