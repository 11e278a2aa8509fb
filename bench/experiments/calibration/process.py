"""A process for measuring: spawned fresh, carrying nothing of the parent's, asked one task at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from multiprocessing.connection import Connection
from typing import Protocol, TypeVar

from bench.clock import MonotonicClock
from bench.errors import NothingMeasured
from bench.measure.wire import receive, send

TASK_LIMIT_S = 1800.0
END_LIMIT_S = 10.0

Answer = TypeVar("Answer", covariant=True)


class Task(Protocol[Answer]):
    """Something to be measured. Task and answer travel between processes, so both can be pickled."""

    def run(self, clock: MonotonicClock) -> Answer:
        """Measure it, on the process's own clock."""


class MeasuringProcess:
    """Use as a context: leaving it ends the process."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_do_tasks, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> MeasuringProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0] is None:
            with contextlib.suppress(OSError):  # it may be gone already
                send(self._connection, None)
            self._process.join(END_LIMIT_S)
        self._process.kill()
        self._process.join()
        self._connection.close()

    def ask(self, task: Task[Answer]) -> Answer:
        """The answer to one task. Raises NothingMeasured when the process dies over it or never comes back."""
        try:
            send(self._connection, task)
            if not self._connection.poll(TASK_LIMIT_S):
                raise NothingMeasured(f"{type(task).__name__}: no answer within {TASK_LIMIT_S:.0f} s. Next: try again")
            answer: Answer = receive(self._connection)
        except (EOFError, OSError) as error:
            self._process.join(END_LIMIT_S)
            raise NothingMeasured(
                f"{type(task).__name__}: the measuring process died (exit code {self._process.exitcode}). "
                "Next: its last words stand above"
            ) from error
        return answer


def _do_tasks(connection: Connection) -> None:
    """Entry point of the process: do what is asked until None comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted terminal asks all its processes; the parent decides
    clock = MonotonicClock()
    while (task := receive(connection)) is not None:
        send(connection, task.run(clock))
