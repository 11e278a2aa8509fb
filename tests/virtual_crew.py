"""Virtual time for several threads: it moves on to the next deadline when all of them wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class CrewClock:
    """A clock that so many threads share, and the condition at which those wait that wait for one another."""

    def __init__(self, threads: int) -> None:
        self._gate = threading.Condition(threading.RLock())
        self._running = threads
        self._now_ns = 0
        self._deadlines: list[int] = []
        self.changed = _Changed(self)
        self.stuck = False

    def now_ns(self) -> int:
        return self._now_ns

    def wait_until_ns(self, deadline_ns: int) -> None:
        with self._gate:
            if deadline_ns <= self._now_ns:
                return
            self._deadlines.append(deadline_ns)
            self.rest()
            while self._now_ns < deadline_ns:
                self._gate.wait()

    def rest(self) -> None:
        """One thread fewer runs; the last one moves time on. Called with the gate held."""
        self._running -= 1
        if self._running:
            return
        if not self._deadlines:
            self.stuck = bool(self.changed.waiting)
            return
        self._now_ns = min(self._deadlines)
        self.wake(sum(deadline <= self._now_ns for deadline in self._deadlines))
        self._deadlines = [deadline for deadline in self._deadlines if deadline > self._now_ns]

    def wake(self, threads: int) -> None:
        self._running += threads
        self._gate.notify_all()

    def run(self, works: list[Callable[[], None]]) -> None:
        """Run the works to their end, a thread each. Raises what one of them raised; fails when all wait for ever."""
        errors: list[BaseException] = []

        def run_one(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 the thread that waits for this one raises it
                errors.append(error)
            finally:
                with self._gate:
                    self.rest()

        threads = [threading.Thread(target=run_one, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            assert not self.stuck, "every worker waits for another"
            assert not thread.is_alive()
        if errors:
            raise errors[0]


class _Changed:
    """Stands in for threading.Condition; who waits at it does not run."""

    def __init__(self, clock: CrewClock) -> None:
        self._clock = clock
        self._turn = 0
        self.waiting = 0

    def __enter__(self) -> None:
        self._clock._gate.acquire()

    def __exit__(self, *error: Any) -> None:
        self._clock._gate.release()

    def wait(self) -> None:
        turn = self._turn
        self.waiting += 1
        self._clock.rest()
        while self._turn == turn:
            self._clock._gate.wait()

    def notify_all(self) -> None:
        self._turn += 1
        woken, self.waiting = self.waiting, 0
        self._clock.wake(woken)
