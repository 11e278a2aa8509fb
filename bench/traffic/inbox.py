"""Inboxes: hand requests out when they are due, in the process that serves them.

The queue is implicit in the schedule: an idle system waits, a busy one finds all that fell due meanwhile, oldest
first. No generator thread competes for the interpreter, and none can be late.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.serving.protocols import Clock
from recsys.types import Recommendation, Request


class Stamps(Protocol):
    """Where an inbox writes what happens to requests."""

    intended_ns: npt.NDArray[np.int64]

    def taken(self, rows: range, now_ns: int) -> None:
        """These requests were handed out."""

    def timed_out(self, rows: range, limit_ns: int) -> None:
        """These requests were given up `limit_ns` after they were due."""

    def answered(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests were answered."""

    def finished_ns(self, row: int) -> int:
        """When the last stage of an answered request ended."""


class ScheduledInbox:
    """Open loop: request i is due at start + schedule[i], whatever the system does.

    timeout_ns: a request still untaken so long after its time is dropped, None = never.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        intended_ns: npt.NDArray[np.int64],
        clock: Clock,
        stamps: Stamps,
        timeout_ns: int | None = None,
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._stamps = stamps
        self._timeout_ns = timeout_ns
        self._next = 0
        start_ns = clock.now_ns()
        self._due_ns: list[int] = (intended_ns + start_ns).tolist()
        stamps.intended_ns[:] = self._due_ns

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """Wait for the next request; return once `max_requests` are due or `max_wait_ns` after the oldest fell due."""
        while self._next < len(self._due_ns):
            oldest = self._next
            self._clock.wait_until_ns(self._leave_ns(max_requests, max_wait_ns))
            now_ns = self._clock.now_ns()
            self._drop_late(now_ns)
            if self._next == oldest:  # else it was given up, and the next has a wait of its own
                return self._hand_out(max_requests, now_ns)
        return []

    def poll(self, max_requests: int) -> list[Request]:
        """The requests that are due now, at most this many; never waits."""
        now_ns = self._clock.now_ns()
        self._drop_late(now_ns)
        return self._hand_out(max_requests, now_ns)

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests are answered."""
        self._stamps.answered(rows, answers)

    def _leave_ns(self, max_requests: int, max_wait_ns: int) -> int:
        """When the oldest request may leave: `max_requests` are due, or it has waited long enough."""
        leave_ns = self._due_ns[self._next] + max_wait_ns
        last = self._next + max_requests - 1
        return min(leave_ns, self._due_ns[last]) if last < len(self._due_ns) else leave_ns

    def _hand_out(self, max_requests: int, now_ns: int) -> list[Request]:
        first = self._next
        end = bisect_right(self._due_ns, now_ns, first, min(first + max_requests, len(self._due_ns)))
        if end > first:
            self._next = end
            self._stamps.taken(range(first, end), now_ns)
        return list(self._requests[first:end])

    def _drop_late(self, now_ns: int) -> None:
        if self._timeout_ns is None:
            return
        end = bisect_right(self._due_ns, now_ns - self._timeout_ns - 1, self._next)
        if end > self._next:
            self._stamps.timed_out(range(self._next, end), self._timeout_ns)
            self._next = end


class SequentialInbox:
    """Closed loop of one: the next request is due when the last one is done."""

    def __init__(self, requests: Sequence[Request], clock: Clock, stamps: Stamps) -> None:
        self._requests = requests
        self._clock = clock
        self._stamps = stamps
        self._next = 0
        self._due_ns = clock.now_ns()

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """The next request, alone and at once; [] at the end."""
        row = self._next
        if row == len(self._requests):
            return []
        self._next = row + 1
        self._stamps.intended_ns[row] = self._due_ns
        self._stamps.taken(range(row, row + 1), self._clock.now_ns())
        return [self._requests[row]]

    def poll(self, max_requests: int) -> list[Request]:
        """Nothing: the next request comes after this one's answer."""
        return []

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """The request is answered, and the next one due, at the end of its last stage."""
        self._stamps.answered(rows, answers)
        self._due_ns = self._stamps.finished_ns(rows[-1])
