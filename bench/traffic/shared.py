"""One inbox for several workers: claimed under a lock, waited for outside it, and the world in the trace's order.

Idle workers queue up; only the first of them waits for the next request, so that one request wakes one worker.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from bench.traffic.inbox import WaitingInbox
from recsys.serving.in_flight import InFlight
from recsys.types import Recommendation, Request


class SharedInbox:
    """Hands requests of one inbox to several workers, each exactly once, oldest first.

    What is in flight decides what may leave (`recsys.serving.in_flight`). changed: wakes those that wait; made here
    unless given.
    """

    def __init__(self, inbox: WaitingInbox, changed: threading.Condition | None = None) -> None:
        self._inbox = inbox
        self._changed = changed or threading.Condition()
        self._someone_waits = False
        self._closed = False
        self._in_flight = InFlight()

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """Wait for the next request; return once `max_requests` are due or `max_wait_ns` after the oldest fell due."""
        with self._changed:
            while self._someone_waits:
                self._changed.wait()
            self._someone_waits = True
        try:
            return self._first(max_requests, max_wait_ns)
        finally:
            with self._changed:
                self._someone_waits = False
                self._changed.notify_all()

    def poll(self, max_requests: int) -> list[Request]:
        """The requests that are due now and held up by nothing, at most this many; never waits."""
        with self._changed:
            return self._claim(self._inbox.clock.now_ns(), max_requests)

    def take_more(self, max_requests: int, oldest: int, max_wait_ns: int) -> list[Request]:
        """What is due now and held up by nothing, or else next; [] once `oldest` has waited `max_wait_ns`.

        What is held up by requests in flight is not waited for. Whoever waits for a first request may get it before.
        """
        clock, over_ns = self._inbox.clock, int(self._inbox.stamps.intended_ns[oldest]) + max_wait_ns
        while True:
            with self._changed:
                now_ns = clock.now_ns()
                if self._closed or now_ns >= over_ns:
                    return [] if self._closed else self._claim(now_ns, max_requests)
                if taken := self._claim(now_ns, max_requests):
                    return taken
                next_ns = self._inbox.leave_ns(now_ns, 1, 0)
            clock.wait_until_ns(over_ns if next_ns is None or next_ns <= now_ns else min(next_ns, over_ns))

    def drop_cancelled(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of these requests that nobody waits for any more; what they held up may leave."""
        with self._changed:
            dropped = self._inbox.drop_cancelled(rows)
            if dropped:
                self._left(dropped)
            return dropped

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests are answered."""
        with self._changed:
            self._inbox.done(rows, answers)
            self._left(rows)

    def failed(self, rows: Sequence[int], error: Exception) -> None:
        """These requests ended in an error."""
        with self._changed:
            self._inbox.failed(rows, error)
            self._left(rows)

    def close(self) -> None:
        """Hand nothing out any more: a worker broke, and what it had will never be done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _first(self, max_requests: int, max_wait_ns: int) -> list[Request]:
        clock, waited_until_ns = self._inbox.clock, -1
        while True:
            with self._changed:
                now_ns = clock.now_ns()
                leave_ns = self._inbox.leave_ns(now_ns, max_requests, max_wait_ns)
                if self._closed or (leave_ns is None and self._inbox.drained()):
                    return []
                if leave_ns is None or leave_ns <= now_ns:
                    if taken := self._claim(now_ns, max_requests):
                        if leave_ns == waited_until_ns:
                            self._inbox.stamps.woke_late(taken[0].row, now_ns - waited_until_ns)
                        return taken
                    self._changed.wait()  # for what is in flight: it holds up the next, or makes it due
                    continue
            clock.wait_until_ns(leave_ns)
            waited_until_ns = leave_ns

    def _claim(self, now_ns: int, max_requests: int) -> list[Request]:
        """What is due and held up by nothing, for one worker."""
        taken = self._inbox.claim(now_ns, max_requests, self._in_flight.lets_out)
        self._in_flight.enter(taken)
        return taken

    def _left(self, rows: Sequence[int]) -> None:
        self._in_flight.leave(rows)
        self._changed.notify_all()
