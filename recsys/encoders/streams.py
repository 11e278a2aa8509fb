"""Batches side by side, a core each: none waits for the other cores at the end of every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Session = TypeVar("Session")
START_LIMIT_S = 60.0


class Streams(Generic[Session]):
    """So many threads, each of which computes whole batches by itself. How many they are changes no batch."""

    def __init__(self, count: int, start: Callable[[], Session]) -> None:
        """start: called once in every thread, to hold its library to one core; what it answers is that thread's `own`.

        Returns when all have been. Raises BrokenThreadPool where it fails.
        """
        self._count = count
        self._of_thread = local()
        self._crew = ThreadPoolExecutor(
            count, thread_name_prefix="stream", initializer=lambda: setattr(self._of_thread, "own", start())
        )
        together = Barrier(count, timeout=START_LIMIT_S)  # or one thread would take two of these
        for begun in [self._crew.submit(together.wait) for _ in range(count)]:
            begun.result()

    @property
    def own(self) -> Session | None:
        """What start answered in the thread that asks; None in one that is no stream."""
        return getattr(self._of_thread, "own", None)

    def map(self, compute: Callable[[Batch], Result], batches: Sequence[Batch]) -> Iterable[Result]:
        """As the builtin of this name; fewer batches than streams are left to the caller's thread and all its cores."""
        return self._crew.map(compute, batches) if len(batches) >= self._count else map(compute, batches)

    def close(self) -> None:
        """End the threads."""
        self._crew.shutdown()
