"""The workers of one process restart: started one after another, asked one at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from bench.clock import NS_PER_S, MonotonicClock
from bench.measure.assignment import Assignment
from bench.measure.targets import Built
from bench.measure.wire import receive, send
from bench.measure.worker import Cause, Failure, Instruments, Quiet, Serve, Served, WarmUp, run_worker
from bench.threads import let_threads_sleep
from recsys.encoders.protocol import EncoderInfo
from recsys.models.artefacts import ArtefactCache

BUILD_LIMIT_S = 1800.0
SERVE_LIMIT_S = 3600.0
END_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Ready:
    """An arm is built. load_s: from before its process existed to a filled index."""

    info: EncoderInfo
    ranker: dict[str, Any]
    reranker: dict[str, Any]
    load_s: float
    instruments: Instruments

    @property
    def real_weights(self) -> bool:
        """Whether its lists mean anything: those of random weights, of encoder or re-ranker, do not."""
        return self.info.real_weights and bool(self.reranker.get("real_weights", True))


class ArmFailed(Exception):
    """A worker could not go on. reason: one line; details: its traceback, "" when it died without one."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details


class ArmAbsent(ArmFailed):
    """The arm's library or device is not here: it is skipped, which is no failure."""


class ArmMisconfigured(ArmFailed):
    """The arm's configuration contradicts itself or names something that does not exist."""


class WorkerPool:
    """One worker an arm. Use as a context: leaving it ends all workers."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._clock = MonotonicClock()
        self._workers: dict[str, tuple[BaseProcess, Connection]] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        for name in list(self._workers):
            self.end(name)

    def start(self, assignment: Assignment) -> Ready:
        """Start an arm's worker and wait until it is ready. Raises ArmFailed.

        A worker that had to export or quantise a model first is replaced by a fresh one: what that takes of time and
        memory belongs to setting up, not to the arm.
        """
        built = ArtefactCache().state()
        ready = self._start_once(assignment)
        if ArtefactCache().state() != built:
            self.end(assignment.arm.name)
            ready = self._start_once(assignment)
        return ready

    def _start_once(self, assignment: Assignment) -> Ready:
        let_threads_sleep()
        start_ns = self._clock.now_ns()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=run_worker, args=(theirs, assignment), daemon=True)
        process.start()
        theirs.close()
        name = assignment.arm.name
        self._workers[name] = (process, ours)
        built = self._receive(name, BUILD_LIMIT_S)
        load_s = (self._clock.now_ns() - start_ns) / NS_PER_S
        instruments = self._receive(name, BUILD_LIMIT_S)
        if not (isinstance(built, Built) and isinstance(instruments, Instruments)):
            raise ArmFailed(f"unexpected answers {built!r} and {instruments!r}")
        return Ready(built.info, built.ranker, built.reranker, load_s, instruments)

    def warm_up(self, name: str, command: WarmUp) -> Quiet:
        """Let an arm warm up. Raises ArmFailed."""
        answer = self._ask(name, command, SERVE_LIMIT_S)
        if not isinstance(answer, Quiet):
            raise ArmFailed(f"unexpected answer {answer!r}")
        return answer

    def serve(self, name: str, command: Serve) -> Served:
        """Let an arm serve a slice. Raises ArmFailed, for one that is not done SERVE_LIMIT_S after its last arrival."""
        last_s = 0.0 if command.intended_ns is None else float(command.intended_ns.max(initial=0)) / NS_PER_S
        answer = self._ask(name, command, SERVE_LIMIT_S + last_s)
        if not isinstance(answer, Served):
            raise ArmFailed(f"unexpected answer {answer!r}")
        return answer

    def end(self, name: str) -> None:
        """End a worker: politely, then not."""
        process, connection = self._workers.pop(name)
        with contextlib.suppress(OSError):  # it may be gone already
            send(connection, None)
        process.join(END_LIMIT_S)
        if process.is_alive():
            process.kill()
            process.join()
        connection.close()

    def _ask(self, name: str, command: WarmUp | Serve, limit_s: float) -> object:
        _, connection = self._workers[name]
        try:
            send(connection, command)
        except OSError as error:
            raise ArmFailed(f"the worker is gone: {error}") from error
        return self._receive(name, limit_s)

    def _receive(self, name: str, limit_s: float) -> object:
        process, connection = self._workers[name]
        if not connection.poll(limit_s):
            process.kill()  # or it would take cores from the arms that go on
            raise ArmFailed(f"no answer within {limit_s:.0f} s")
        try:
            answer = receive(connection)
        except (EOFError, OSError) as error:  # OSError: it died in the middle of an answer
            process.join(END_LIMIT_S)
            raise ArmFailed(f"the worker died ({_end(process.exitcode)})") from error
        if isinstance(answer, Failure):
            raise _ERRORS[answer.cause](answer.reason, answer.details)
        return answer


def _end(exit_code: int | None) -> str:
    """How a process ended, in words."""
    if exit_code == -signal.SIGKILL:
        return f"exit code {exit_code}: killed, as the system does where memory runs out"
    return f"exit code {exit_code}"


_ERRORS = {Cause.ABSENT: ArmAbsent, Cause.CONFIGURATION: ArmMisconfigured, Cause.FAULT: ArmFailed}
