"""One arm in a process of its own: build → warm up → serve a slice → send. Silent while timing.

The parent asks one thing at a time over a pipe: `WarmUp`, `Serve`, or None to end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S, MonotonicClock, nap
from bench.errors import ConfigError
from bench.measure.assignment import Assignment, read_trace
from bench.measure.collector import CollectorOff
from bench.measure.generators import GENERATORS, Crew
from bench.measure.generators.local import LocalCrew
from bench.measure.generators.portion import GeneratorReport
from bench.measure.loads import LOADS, Offer
from bench.measure.noise import noisy_trace
from bench.measure.orphans import end_with_parent
from bench.measure.probes import Subject
from bench.measure.probes.cpu import other_process_cpu_s, process_cpu_s
from bench.measure.probes.probe_set import build_probes
from bench.measure.recorder import UNKNOWN, Handed, Outcome, Recorder
from bench.measure.slices import Slice
from bench.measure.targets import Built, Setting, build_target
from bench.measure.waiting import Waiting, leave_waiting, settle_waiting
from bench.measure.wire import receive, send
from bench.scenario import LoadTable
from bench.traffic.trace import Trace
from recsys.errors import BadOptions, DataError, MissingDevice, MissingLibrary, MissingServer, ModelError, UnknownKind
from recsys.types import Request

UNWANTED = "pandas"
"""scikit-learn imports it where it is installed, and it pyarrow: memory and loading time that no arm asked for."""
QUIET_CHECK_S = 0.01
TICKS_CHECK_S = 0.15
"""Another process's time is told in ticks of 10 ms: one of them would be all that is allowed in a shorter stretch."""
QUIET_SHARE = 0.1
QUIET_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Instruments:
    """How the worker's inbox waits, and what its probes cost and leave out."""

    waiting: Waiting
    probes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Empty the cache, then serve these rows of the trace untimed."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Serve:
    """Serve a slice on its schedule (None where its load has none)."""

    slice: Slice
    intended_ns: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """The arm is warm and its threads rest. was_quiet: False when they did not within the limit."""

    was_quiet: bool


@dataclass(frozen=True)
class Served:
    """What happened in one block. All arrays have one row a request; times are ns from the block's start.

    lateness_ns: of the inbox, −1 where the system did not wait for the request. readings: of the probes, by name.
    pauses, paused_s: of Python's collector. errors: messages of failed requests, and how often each came. handed: to
    the re-ranker, None without one. generators: those that are other processes, () where the worker is the one.
    """

    intended_ns: npt.NDArray[np.int64]
    taken_ns: npt.NDArray[np.int64]
    observed_ns: npt.NDArray[np.int64]
    stage_ends_ns: dict[str, npt.NDArray[np.int64]]
    lateness_ns: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    padded_tokens: npt.NDArray[np.int32]
    outcomes: npt.NDArray[np.int8]
    recommended: npt.NDArray[np.int32]
    wall_s: float
    spin_s: float
    readings: dict[str, float]
    was_quiet: bool
    pauses: int
    paused_s: float
    errors: dict[str, int]
    handed: Handed | None = None
    generators: tuple[GeneratorReport, ...] = ()


class Cause(Enum):
    """Why an arm cannot go on: something is not here, its configuration is wrong, or it broke."""

    ABSENT = "absent"
    CONFIGURATION = "configuration"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Failure:
    """The arm could not do what it was asked. reason: one line; details: the traceback of a fault."""

    cause: Cause
    reason: str
    details: str = ""


def run_worker(connection: Connection, assignment: Assignment) -> None:
    """Entry point of the process. Says what the arm is, answers commands, and ends at None or with a Failure."""
    sys.modules.setdefault(UNWANTED, None)  # type: ignore[arg-type]  # importing it now fails, as where it is missing
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted terminal asks all its processes; the parent decides
    end_with_parent()
    try:
        with contextlib.closing(Worker(assignment, read_trace(assignment))) as worker:
            send(connection, worker.describe())
            send(connection, worker.look_around())
            for command in _commands(connection):
                send(connection, worker.warm_up(command) if isinstance(command, WarmUp) else worker.serve(command))
    except Exception as error:  # noqa: BLE001 the parent must learn why, whatever it was
        with contextlib.suppress(BrokenPipeError):  # or it is gone, and nobody is left to be told
            send(connection, failure_of(error, traceback.format_exc()))


def _commands(connection: Connection) -> Iterator[WarmUp | Serve]:
    """What the parent asks, until it asks for the end or is gone."""
    with contextlib.suppress(EOFError, ConnectionResetError):
        while (command := receive(connection)) is not None:
            yield command


def failure_of(error: Exception, details: str) -> Failure:
    """What the parent is told of an error. details: its traceback, kept where the arm broke."""
    if isinstance(error, MissingLibrary | MissingDevice | MissingServer):
        return Failure(Cause.ABSENT, str(error))
    if isinstance(error, UnknownKind | BadOptions | ModelError | DataError | ConfigError):
        return Failure(Cause.CONFIGURATION, str(error))
    return Failure(Cause.FAULT, f"{type(error).__name__}: {error}", details)


class Worker:
    """Holds one arm, its clock and its probes."""

    def __init__(self, assignment: Assignment, trace: Trace) -> None:
        self.clock = MonotonicClock()
        self.scenario = assignment.scenario
        self.table = assignment.arm
        self.trace: Trace = noisy_trace(self.scenario, self.table, trace)
        setting = Setting(self.scenario, self.table, self.trace, assignment.data_dirs, self.clock)
        self.target = build_target(setting)
        self._alone = LocalCrew(self.target, self.clock)
        self._crew: Crew = self._alone
        self._assignment = assignment

    def describe(self) -> Built:
        """What was built."""
        return self.target.describe()

    def close(self) -> None:
        """End what the generators and the target began."""
        self._crew.close()
        self.target.close()

    def look_around(self) -> Instruments:
        """Choose how to wait and what can be read here: no part of what the arm takes to load."""
        return Instruments(self.settle(), self.probes.describe())

    def settle(self) -> Waiting:
        """The same, without a word on what the probes cost. Those who offer requests are fetched first."""
        engine = GENERATORS.get(self._assignment.generation.engine)
        self._crew = engine.crew(self._assignment, self.target, self.clock)
        waits = any(LOADS.get(load.kind).open_loop or load.think_ms for load in self.scenario.load)
        waiting = settle_waiting(self.clock, self.target.threads) if waits else leave_waiting(self.clock)
        self.probes = build_probes(Subject(self.table.device, process=self.target.process), self.clock)
        return waiting

    def warm_up(self, command: WarmUp) -> Quiet:
        """Empty the cache; serve the requests one by one and then again all at once, so that each path is warm."""
        self.target.forget_cached()
        starts_cold = self.table.cache is not None and self.table.cache.start == "cold"
        if command.high > command.low and not starts_cold:
            requests = self._rewound(command.low, command.high)
            for kind in ("single_stream", "offline"):
                recorder = self._recorder(len(requests))
                table = LoadTable(kind=kind, requests=len(requests))
                self._serve(self._alone, self._offer(table, requests), recorder)
        return Quiet(self.rest())

    def serve_untimed(self, low: int, high: int) -> None:
        """Serve these rows one by one, with no probes around them: for a profiler, never for a figure."""
        requests = self._rewound(low, high)
        recorder = self._recorder(len(requests))
        offer = self._offer(LoadTable(kind="single_stream", requests=len(requests)), requests)
        self._serve(self._alone, offer, recorder)

    def serve(self, command: Serve) -> Served:
        """Serve one slice, timed, and rest. Raises what `measure` raises."""
        served = self.measure(command)
        return replace(served, was_quiet=self.rest())

    def measure(self, command: Serve) -> Served:
        """Serve one slice, timed. Raises the first error when every single request failed: the arm is broken."""
        point = command.slice.point
        if point is None:
            raise ValueError("the warm-up slice is not measured")
        requests = self._rewound(command.slice.low, command.slice.high)
        recorder = self._recorder(len(requests))
        offer = self._offer(point.table, requests, command.intended_ns)
        crew = self._alone if command.intended_ns is None else self._crew
        crew.prepare(command.slice, offer)
        with CollectorOff(self.clock) as collector:
            self.probes.start()
            spun_ns, start_ns = self.clock.spun_ns, self.clock.now_ns()
            told = self._serve(crew, offer, recorder)
            wall_ns, spun_ns = self.clock.now_ns() - start_ns, self.clock.spun_ns - spun_ns
            readings = self.probes.stop() | told
        recorder.close(start_ns)
        return Served(
            intended_ns=recorder.intended_ns,
            taken_ns=recorder.taken_ns,
            observed_ns=recorder.ended_ns,
            stage_ends_ns=recorder.marks_ns,
            lateness_ns=recorder.lateness_ns,
            tokens=recorder.tokens_of,
            padded_tokens=recorder.padded_tokens_of,
            outcomes=recorder.outcomes,
            recommended=recorder.recommended,
            wall_s=wall_ns / NS_PER_S,
            spin_s=spun_ns / NS_PER_S if self._works_here else 0.0,
            readings=readings,
            was_quiet=True,
            pauses=collector.pauses,
            paused_s=collector.paused_s,
            errors=dict(recorder.errors),
            handed=recorder.handed,
            generators=crew.reports,
        )

    def _rewound(self, low: int, high: int) -> Sequence[Request]:
        """The requests of these rows, the world set back to the moment before the first."""
        requests = self.trace.requests(low, high)
        self.target.rewind(requests[0])
        return requests

    @property
    def _works_here(self) -> bool:
        """Whether this process is the one that serves, and not its client: what it spins is then in its CPU seconds."""
        return self.target.process == os.getpid()

    def _recorder(self, n: int) -> Recorder:
        recorder = Recorder(n, self.scenario.requests.k, self.clock, self.target.candidates)
        if not self.target.tells_tokens:
            recorder.tokens_of[:] = UNKNOWN
        if not self.target.tells_padding:
            recorder.padded_tokens_of[:] = UNKNOWN
        return recorder

    def _offer(
        self, table: LoadTable, requests: Sequence[Request], intended_ns: npt.NDArray[np.int64] | None = None
    ) -> Offer:
        return Offer(table, requests, intended_ns, workers=self.target.takers)

    def _serve(self, crew: Crew, offer: Offer, recorder: Recorder) -> dict[str, float]:
        told = crew.serve(offer, recorder)
        if recorder.first_error is not None and not (recorder.outcomes != Outcome.FAILED).any():
            raise recorder.first_error
        return told

    def rest(self) -> bool:
        """Wait until this process uses less than a tenth of a core; libraries' threads may spin for a while.

        So does the process that serves, where it is another whose time can be read.
        """
        process = self.target.process
        if self._works_here or process is None:
            return _rests(process_cpu_s, QUIET_CHECK_S)
        return _rests(process_cpu_s, QUIET_CHECK_S) and _rests(lambda: other_process_cpu_s(process), TICKS_CHECK_S)


def _rests(cpu_s: Callable[[], float], check_s: float) -> bool:
    """Whether a process comes to rest within the limit, looked at so often. cpu_s: its CPU seconds so far."""
    for _ in range(round(QUIET_LIMIT_S / check_s)):
        before_s = cpu_s()
        nap(check_s)
        if cpu_s() - before_s < QUIET_SHARE * check_s:
            return True
    return False
