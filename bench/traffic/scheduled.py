"""The open loop: requests fall due on a frozen schedule, whatever the system does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.traffic.inbox import Admits, Stamps, WaitingInbox, admitted
from recsys.serving.protocols import Clock
from recsys.types import Request

REHEARSAL_NS = 40_000
"""Before a wait ends: longer than the rehearsal takes, and shorter than the stretch that is spun anyway."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a queue allows, None = anything. timeout_ns: longest wait for a batch. queue: most requests that wait.

    A request that finds the queue full at its time is refused; one that waited past its limit is given up, in the inbox
    or in a system that asks before it encodes (`drop_cancelled`).
    """

    timeout_ns: int | None = None
    queue: int | None = None


class ScheduledInbox(WaitingInbox):
    """Request i is due at start + schedule[i]. start_ns: of the clock; None = when the inbox is made."""

    def __init__(
        self,
        requests: Sequence[Request],
        intended_ns: npt.NDArray[np.int64],
        clock: Clock,
        stamps: Stamps,
        limits: Limits = Limits(),
        start_ns: int | None = None,
    ) -> None:
        super().__init__(clock, stamps)
        self._requests = requests
        self._timeout_ns = limits.timeout_ns
        self._room = len(requests) if limits.queue is None else limits.queue
        self._waiting: deque[int] = deque()  # rows that are due and not taken, oldest first
        self._built: tuple[int, Request] | None = None  # the row that is waited for, and its request
        self._next = 0  # the first row that was not due when the inbox last looked
        np.add(intended_ns, clock.now_ns() if start_ns is None else start_ns, out=stamps.intended_ns)
        self._due_ns = memoryview(stamps.intended_ns.data)

    def leave_ns(self, now_ns: int, max_requests: int, max_wait_ns: int) -> int | None:
        """The oldest may leave when it has waited long enough, or when `max_requests` are due.

        The latter takes the requests to come as accepted: what times out before can only make it later.
        """
        self._look(now_ns)
        due_ns, waiting = self._due_ns, self._waiting
        if not waiting:
            if self._next == len(due_ns):
                return None
            if self._built is None or self._built[0] != self._next:
                self._built = self._next, self._requests[self._next]
        leave_ns: int = due_ns[waiting[0] if waiting else self._next] + max_wait_ns
        if max_wait_ns == 0 or max_requests > self._room:
            return leave_ns
        if len(waiting) >= max_requests:
            return min(leave_ns, due_ns[waiting[max_requests - 1]])
        last = self._next + max_requests - len(waiting) - 1
        return min(leave_ns, due_ns[last]) if last < len(due_ns) else leave_ns

    def claim(self, now_ns: int, max_requests: int, admits: Admits | None = None) -> list[Request]:
        """What is due by now, at most this many, up to the first that `admits` refuses."""
        self._look(now_ns)
        waiting = self._waiting
        count = min(max_requests, len(waiting))
        if not count:
            return []
        if count == 1:
            taken = admitted([self._oldest()], admits)
        else:
            taken = admitted([self._requests[waiting[place]] for place in range(count)], admits)
        rows = [waiting.popleft() for _ in taken]
        if rows:
            self.stamps.taken(rows, now_ns)
        return taken

    def wait_until_ns(self, leave_ns: int, now_ns: int) -> None:
        """Wait, and shortly before the end go through the motions of handing a request out and taking its answer.

        What a core has not run for a while it has forgotten, above all asleep, and the first steps after a wait are the
        instrument's own: at 1,000/s this took a third off the p95 of lateness, and a tenth to a third off p99. The
        system's code stays as cold as it is.
        """
        if now_ns < leave_ns - REHEARSAL_NS:
            self.clock.wait_until_ns(leave_ns - REHEARSAL_NS)
            now_ns = self.clock.now_ns()
            self.claim(now_ns, 0)
            self.stamps.taken((), now_ns)
            self.stamps.answered((), (), now_ns)
            self.leave_ns(now_ns, 1, 0)
        self.clock.wait_until_ns(leave_ns)

    def drop_cancelled(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of these requests that waited past the limit though they were taken; they are given up now."""
        if self._timeout_ns is None:
            return ()
        now_ns = self.clock.now_ns()
        late = [row for row in rows if self._due_ns[row] + self._timeout_ns < now_ns]
        for row in late:
            self.stamps.given_up(row, self._due_ns[row] + self._timeout_ns)
        return late

    def _oldest(self) -> Request:
        """The request that waits longest, built beforehand where there was time before it fell due."""
        row, built = self._waiting[0], self._built
        self._built = None
        return built[1] if built is not None and built[0] == row else self._requests[row]

    def drained(self) -> bool:
        """The schedule is at its end and nobody waits."""
        return not self._waiting and self._next == len(self._due_ns)

    def _look(self, now_ns: int) -> None:
        """Let everything happen that was due by now, in its order: requests join the queue, time out, are refused."""
        due_ns, waiting = self._due_ns, self._waiting
        while self._next < len(due_ns) and due_ns[self._next] <= now_ns:
            if self._timeout_ns is not None:
                self._give_up(due_ns[self._next])
            if len(waiting) < self._room:
                waiting.append(self._next)
            else:
                self.stamps.refused(self._next)
            self._next += 1
        if self._timeout_ns is not None:
            self._give_up(now_ns)

    def _give_up(self, at_ns: int) -> None:
        """Drop what has waited past the limit at this time."""
        assert self._timeout_ns is not None
        while self._waiting and self._due_ns[self._waiting[0]] + self._timeout_ns < at_ns:
            self.stamps.timed_out(self._waiting.popleft(), self._timeout_ns)
