"""Batches side by side, a core each: none waits for the other cores at the end of every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock, local
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Session = TypeVar("Session")
START_LIMIT_S = 60.0


class Streams(Generic[Session]):
    """So many threads, each of which computes whole batches by itself. How many they are changes no batch."""

    def __init__(self, count: int, begin: Callable[[], Callable[[], Session]]) -> None:
        """begin: called by the first thread that has so many batches; what it answers, once in every stream.

        That holds a library to one core, and what it answers is the stream's `own`.
        """
        self._count, self._begin = count, begin
        self._of_thread = local()
        self._crew: ThreadPoolExecutor | None = None
        self._beginning = Lock()

    @property
    def own(self) -> Session | None:
        """What belongs to the stream that asks; None for a thread that is none."""
        return getattr(self._of_thread, "own", None)

    def map(self, compute: Callable[[Batch], Result], batches: Sequence[Batch]) -> Iterable[Result]:
        """As the builtin of this name; fewer batches than streams are left to the caller's thread and all its cores.

        Raises BrokenThreadPool where a stream cannot begin.
        """
        if len(batches) < self._count:
            return map(compute, batches)
        return self.start().map(compute, batches)

    def start(self) -> ThreadPoolExecutor:
        """The threads, of which all have begun. Raises as map."""
        with self._beginning:
            if self._crew is None:
                self._crew = self._begun(self._begin())
            return self._crew

    def close(self) -> None:
        """End the threads."""
        if self._crew:
            self._crew.shutdown()

    def _begun(self, start: Callable[[], Session]) -> ThreadPoolExecutor:
        of_thread = self._of_thread  # not self: an encoder that nobody closes would be held by its own threads
        crew = ThreadPoolExecutor(
            self._count, thread_name_prefix="stream", initializer=lambda: setattr(of_thread, "own", start())
        )
        together = Barrier(self._count, timeout=START_LIMIT_S)  # or one thread would take two of these
        for begun in [crew.submit(together.wait) for _ in range(self._count)]:
            begun.result()
        return crew
