"""One arm in a process of its own: build → warm up → serve a slice → send. Silent while timing.

The parent asks one thing at a time over a pipe: `WarmUp`, `Serve`, or None to end.
"""

from __future__ import annotations

import gc
import signal
import sys
import traceback
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_MS, NS_PER_S, MonotonicClock, nap
from bench.errors import ConfigError
from bench.measure.arm import BuiltArm, build_arm
from bench.measure.loads import LOADS, Offer
from bench.measure.probes.cpu import CpuReading, read_cpu
from bench.measure.probes.memory import peak_rss_bytes
from bench.measure.recorder import Recorder
from bench.measure.slices import Slice
from bench.scenario import ArmTable, Scenario
from bench.traffic.inbox import ScheduledInbox, SequentialInbox
from bench.traffic.requests import Trace, draw_trace
from recsys.data.loading import load_dataset
from recsys.errors import BadOptions, DataError, MissingDevice, MissingLibrary, ModelError, UnknownKind
from recsys.serving.protocols import Inbox
from recsys.types import Request

UNWANTED = "pandas"
"""scikit-learn imports it where it is installed, and it pyarrow: memory and loading time that no arm asked for."""
QUIET_CHECK_S = 0.01
QUIET_SHARE = 0.1
QUIET_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is to be. trace_length: requests of the whole run."""

    scenario: Scenario
    arm: ArmTable
    data_dirs: tuple[Path, ...]
    trace_length: int


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
    """What happened in one block. All arrays have one row a request; times are ns of the block's clock."""

    intended_ns: npt.NDArray[np.int64]
    taken_ns: npt.NDArray[np.int64]
    observed_ns: npt.NDArray[np.int64]
    stage_ends_ns: dict[str, npt.NDArray[np.int64]]
    tokens: npt.NDArray[np.int32]
    padded_tokens: npt.NDArray[np.int32]
    outcomes: npt.NDArray[np.int8]
    recommended: npt.NDArray[np.int32]
    wall_s: float
    cpu: CpuReading
    spin_s: float
    peak_rss_bytes: int
    was_quiet: bool
    collections: int


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
    """Entry point of the process. Says what its encoder is, answers commands, and ends at None or with a Failure."""
    sys.modules.setdefault(UNWANTED, None)  # type: ignore[arg-type]  # importing it now fails, as where it is missing
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted terminal asks all its processes; the parent decides
    try:
        worker = Worker(assignment)
        connection.send(worker.arm.encoded.encoder.info)
        while (command := connection.recv()) is not None:
            connection.send(worker.warm_up(command) if isinstance(command, WarmUp) else worker.serve(command))
    except (MissingLibrary, MissingDevice) as error:
        connection.send(Failure(Cause.ABSENT, str(error)))
    except (UnknownKind, BadOptions, ModelError, DataError, ConfigError) as error:
        connection.send(Failure(Cause.CONFIGURATION, str(error)))
    except Exception as error:  # noqa: BLE001 the parent must learn why, whatever it was
        connection.send(Failure(Cause.FAULT, f"{type(error).__name__}: {error}", traceback.format_exc()))


class Worker:
    """Holds one arm and its clock."""

    def __init__(self, assignment: Assignment) -> None:
        self.clock = MonotonicClock()
        self.scenario = assignment.scenario
        self.table = assignment.arm
        data = self.scenario.data
        dataset = load_dataset(data.kind, data_dirs=assignment.data_dirs, **data.options)
        self.trace: Trace = draw_trace(self.scenario, dataset, assignment.trace_length)
        self.arm: BuiltArm = build_arm(self.scenario, self.table, dataset, self.clock)

    def warm_up(self, command: WarmUp) -> Quiet:
        """Empty the cache; serve the requests one by one and then again all at once, so that each path is warm."""
        cache = self.arm.encoded.cache
        if cache is not None:
            cache.clear()
        starts_cold = self.table.cache is not None and self.table.cache.start == "cold"
        if command.high > command.low and not starts_cold:
            requests = self._rewound(command.low, command.high)
            recorder = self._recorder(len(requests))
            self._serve(SequentialInbox(requests, self.clock, recorder), recorder)
            recorder = self._recorder(len(requests))
            at_once = np.zeros(len(requests), np.int64)
            self._serve(ScheduledInbox(requests, at_once, self.clock, recorder), recorder)
        return Quiet(self._wait_until_quiet())

    def serve(self, command: Serve) -> Served:
        """Serve one slice, timed."""
        point = command.slice.point
        if point is None:
            raise ValueError("the warm-up slice is not measured")
        requests = self._rewound(command.slice.low, command.slice.high)
        recorder = self._recorder(len(requests))
        timeout_ms = point.table.timeout_ms
        timeout_ns = None if timeout_ms is None else round(timeout_ms * NS_PER_MS)
        offer = Offer(requests, command.intended_ns, timeout_ns)
        load = LOADS.get(point.table.kind)
        gc.collect()
        gc.freeze()
        gc.disable()
        collections = _collections()
        spun_ns, cpu, start_ns = self.clock.spun_ns, read_cpu(), self.clock.now_ns()
        self._serve(load.open(offer, self.clock, recorder), recorder)
        wall_ns, cpu, spun_ns = self.clock.now_ns() - start_ns, read_cpu() - cpu, self.clock.spun_ns - spun_ns
        collections = _collections() - collections
        gc.enable()
        gc.unfreeze()
        return Served(
            intended_ns=recorder.intended_ns - start_ns,
            taken_ns=recorder.taken_ns - start_ns,
            observed_ns=recorder.observed_ns() - start_ns,
            stage_ends_ns={stage: ends - start_ns for stage, ends in recorder.stage_ends_ns().items()},
            tokens=recorder.tokens_of,
            padded_tokens=recorder.padded_tokens_of,
            outcomes=recorder.outcomes,
            recommended=recorder.recommended,
            wall_s=wall_ns / NS_PER_S,
            cpu=cpu,
            spin_s=spun_ns / NS_PER_S,
            peak_rss_bytes=peak_rss_bytes(),
            was_quiet=self._wait_until_quiet(),
            collections=collections,
        )

    def _rewound(self, low: int, high: int) -> list[Request]:
        """The requests of these rows, the profiles set back to the moment before the first."""
        requests = self.trace.requests(low, high)
        self.arm.recommender.parts.profiles.rewind(requests[0].timestamp_s)
        return requests

    def _recorder(self, n: int) -> Recorder:
        return Recorder(n, self.scenario.requests.k, self.clock)

    def _serve(self, inbox: Inbox, recorder: Recorder) -> None:
        self.arm.serving.serve(inbox, self.arm.recommender, recorder)

    def _wait_until_quiet(self) -> bool:
        """Wait until this process uses less than a tenth of a core; libraries' threads may spin for a while."""
        for _ in range(round(QUIET_LIMIT_S / QUIET_CHECK_S)):
            before_s = read_cpu().process_s
            nap(QUIET_CHECK_S)
            if read_cpu().process_s - before_s < QUIET_SHARE * QUIET_CHECK_S:
                return True
        return False


def _collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
