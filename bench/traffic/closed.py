"""Closed loops: what is due next depends on what is done. Their response times are never those of a load."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush, nsmallest

from bench.traffic.inbox import Admits, Stamps, WaitingInbox, admitted
from recsys.serving.protocols import Clock
from recsys.types import Recommendation, Request


class TraceOrderInbox(WaitingInbox):
    """Base of closed loops: requests go out in the trace's order, to whoever asks."""

    def __init__(self, requests: Sequence[Request], clock: Clock, stamps: Stamps) -> None:
        super().__init__(clock, stamps)
        self._requests = requests
        self._next = 0

    def drained(self) -> bool:
        """Every request was handed out."""
        return self._next == len(self._requests)

    def _hand_out(self, count: int, now_ns: int, admits: Admits | None) -> list[Request]:
        """The next requests of the trace, up to the first that `admits` refuses."""
        first = self._next
        taken = admitted([self._requests[first + place] for place in range(count)], admits)
        self._next = first + len(taken)
        if taken:
            self.stamps.taken(range(first, self._next), now_ns)
        return taken


class StreamInbox(TraceOrderInbox):
    """Queries of so many requests at once; the next query is due when the last request of this one is done."""

    def __init__(self, requests: Sequence[Request], clock: Clock, stamps: Stamps, requests_per_query: int = 1) -> None:
        super().__init__(requests, clock, stamps)
        self._size = requests_per_query
        self._unfinished = 0
        self._end = 0
        self._due_ns = clock.now_ns()

    def leave_ns(self, now_ns: int, max_requests: int, max_wait_ns: int) -> int | None:
        """At once, as soon as the query is due; nothing else can come while it waits, so waiting would be for nothing.

        A system that waits for a fuller batch waits in vain here, and pays for it.
        """
        if self._next == self._end and not self._open_query():
            return None
        return self._due_ns if self._end - self._next >= max_requests else self._due_ns + max_wait_ns

    def claim(self, now_ns: int, max_requests: int, admits: Admits | None = None) -> list[Request]:
        """Requests of the query that is due, at most this many."""
        if self._next == self._end and not self._open_query():
            return []
        return self._hand_out(min(max_requests, self._end - self._next), now_ns, admits)

    def ended(self, rows: Sequence[int], now_ns: int) -> None:
        """The last of a query makes the next one due."""
        self._unfinished -= len(rows)
        if not self._unfinished:
            self._due_ns = now_ns

    def _open_query(self) -> bool:
        """Make the next query due, when the one before is done."""
        if self._unfinished or self.drained():
            return False
        self._end = min(self._next + self._size, len(self._requests))
        self._unfinished = self._end - self._next
        self.stamps.due(range(self._next, self._end), self._due_ns)
        return True


class SequentialInbox(StreamInbox):
    """Queries of one request, for one worker: what a stream does, in a third of the time, since this times the fastest.

    Several workers share a StreamInbox instead.
    """

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """The next request, alone; a system that waits for others waits in vain."""
        row = self._next
        if row == len(self._requests):
            return []
        self._next = row + 1
        if max_wait_ns and max_requests > 1:
            self.clock.wait_until_ns(self._due_ns + max_wait_ns)
        self.stamps.handed_over(row, self._due_ns, self.clock.now_ns())
        return [self._requests[row]]

    def poll(self, max_requests: int) -> list[Request]:
        """Nothing: the next request comes after this one's answer."""
        return []

    def take_more(self, max_requests: int, oldest: int, max_wait_ns: int) -> list[Request]:
        """Nothing, once that request has waited its time in vain."""
        self.clock.wait_until_ns(self._due_ns + max_wait_ns)
        return []

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """The request is answered, and the next one due."""
        self._due_ns = now_ns = self.clock.now_ns()
        self.stamps.answered(rows, answers, now_ns)


class ClosedInbox(TraceOrderInbox):
    """So many clients, each asking again `think_ns` after its answer; requests go to them in the trace's order."""

    def __init__(
        self, requests: Sequence[Request], clock: Clock, stamps: Stamps, clients: int, think_ns: int = 0
    ) -> None:
        super().__init__(requests, clock, stamps)
        self._think_ns = think_ns
        self._asks_at_ns = [clock.now_ns()] * min(clients, len(requests))  # a heap: when each idle client asks

    def leave_ns(self, now_ns: int, max_requests: int, max_wait_ns: int) -> int | None:
        """When the first idle client has waited long enough, or so many of them ask."""
        if not self._asks_at_ns or self.drained():
            return None
        leave_ns = self._asks_at_ns[0] + max_wait_ns
        coming = min(max_requests, len(self._requests) - self._next)
        if max_wait_ns == 0 or coming < max_requests or len(self._asks_at_ns) < max_requests:
            return leave_ns
        return min(leave_ns, nsmallest(max_requests, self._asks_at_ns)[-1])

    def claim(self, now_ns: int, max_requests: int, admits: Admits | None = None) -> list[Request]:
        """One request for each client that asks by now, at most this many."""
        first = self._next
        due_ns: list[int] = []
        most = min(max_requests, len(self._requests) - first)
        while len(due_ns) < most and self._asks_at_ns and self._asks_at_ns[0] <= now_ns:
            due_ns.append(heappop(self._asks_at_ns))
        taken = self._hand_out(len(due_ns), now_ns, admits)
        for asked_ns in due_ns[len(taken) :]:
            heappush(self._asks_at_ns, asked_ns)
        for row, asked_ns in zip(range(first, self._next), due_ns, strict=False):
            self.stamps.due(range(row, row + 1), asked_ns)
        return taken

    def ended(self, rows: Sequence[int], now_ns: int) -> None:
        """Their clients begin to think."""
        for _ in rows:
            heappush(self._asks_at_ns, now_ns + self._think_ns)
