"""The inbox of a production service: a real, bounded queue that many threads fill and the workers empty.

It keeps the protocol that a benchmark's schedule keeps too, so every way of serving works unchanged behind it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from recsys.serving.in_flight import InFlight
from recsys.serving.protocols import Clock
from recsys.serving.tickets import Ticket, TicketTracer
from recsys.types import Recommendation, Request, RequestKind

NS_PER_S = 1_000_000_000


class QueueFull(Exception):
    """As many wait as may wait; try again later."""


class QueueClosed(Exception):
    """The service is ending: what waits is finished, nothing new is taken."""


class QueueBusy(Exception):
    """Something waits or is in flight, where nothing may."""


class QueueInbox:
    """Hands requests to workers, oldest first, as soon as they arrive. capacity: requests and errands that may wait.

    tracer: for the workers; it writes into the tickets.
    """

    def __init__(self, clock: Clock, capacity: int) -> None:
        self._clock = clock
        self._capacity = capacity
        self._changed = threading.Condition()
        self._waiting: deque[Ticket] = deque()
        self._errands: deque[Callable[[], None]] = deque()
        self._tickets: dict[int, Ticket] = {}  # in flight, by row
        self._in_flight = InFlight()
        self._rows = count()
        self._closed = False
        self.tracer = TicketTracer(self._tickets, clock)

    @property
    def waiting(self) -> int:
        """Requests and errands in the queue."""
        return len(self._waiting) + len(self._errands)

    @property
    def in_flight(self) -> int:
        """Requests that workers have in hand."""
        return len(self._in_flight)

    def offer(self, request: Request, on_end: Callable[[Ticket], None]) -> Ticket:
        """Let a request wait for a worker; its row is given here. on_end: see Ticket.

        Raises QueueFull and QueueClosed.
        """
        with self._changed:
            self._require_room()
            ticket = Ticket(request._replace(row=next(self._rows)), self._clock.now_ns(), on_end)
            self._waiting.append(ticket)
            self._changed.notify_all()
        return ticket

    def send(self, errand: Callable[[], None]) -> None:
        """Let a worker do this in its own thread, between batches: for what only it may touch. It must not raise.

        Raises QueueFull and QueueClosed.
        """
        with self._changed:
            self._require_room()
            self._errands.append(errand)
            self._changed.notify_all()

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more: it is not begun, where it has not been."""
        with self._changed:
            ticket.withdrawn = True
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def close(self) -> None:
        """Take nothing new; the workers finish what waits and are then told that nothing will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """A stretch in which no worker works and none begins. Raises QueueBusy when one works or would."""
        with self._changed:
            if self._waiting or self._errands or len(self._in_flight):
                raise QueueBusy("requests wait or are in flight")
            yield

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """Wait for the next request; return once `max_requests` wait or `max_wait_ns` after the oldest arrived."""
        while True:
            self._do_errands()
            with self._changed:
                if self._errands:
                    continue
                if not self._waiting and self._closed:
                    return []
                now_ns = self._clock.now_ns()
                stay_ns = self._stay_ns(now_ns, max_requests, max_wait_ns)
                if stay_ns == 0 and (taken := self._claim(now_ns, max_requests)):
                    return taken
                self._changed.wait(stay_ns / NS_PER_S if stay_ns else None)

    def poll(self, max_requests: int) -> list[Request]:
        """The requests that wait and are held up by nothing, at most this many; never waits."""
        self._do_errands()
        with self._changed:
            return self._claim(self._clock.now_ns(), max_requests)

    def take_more(self, max_requests: int, oldest: int, max_wait_ns: int) -> list[Request]:
        """What waits now, or else arrives next; [] once the request of row `oldest` has waited `max_wait_ns`."""
        self._do_errands()
        with self._changed:
            over_ns = self._tickets[oldest].arrived_ns + max_wait_ns
            while True:
                now_ns = self._clock.now_ns()
                taken = self._claim(now_ns, max_requests)
                if taken or self._closed or now_ns >= over_ns:
                    return taken
                self._changed.wait((over_ns - now_ns) / NS_PER_S)

    def drop_cancelled(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of these requests whose callers withdrew after a worker had taken them; lists alone, not effects."""
        withdrawn = [
            row
            for row in rows
            if self._tickets[row].withdrawn and self._tickets[row].request.kind is RequestKind.RECOMMEND
        ]
        self._end(withdrawn)
        return withdrawn

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests are answered."""
        tickets = self._end(rows)
        for ticket, answer in zip(tickets, answers, strict=True):
            ticket.answer = answer
            ticket.on_end(ticket)

    def failed(self, rows: Sequence[int], error: Exception) -> None:
        """These requests ended in an error."""
        for ticket in self._end(rows):
            ticket.error = error
            ticket.on_end(ticket)

    def _require_room(self) -> None:
        if self._closed:
            raise QueueClosed("the service is ending")
        if self.waiting >= self._capacity:
            raise QueueFull(f"{self.waiting} requests wait already")

    def _stay_ns(self, now_ns: int, max_requests: int, max_wait_ns: int) -> int | None:
        """How long the oldest may go on waiting for company: 0 = no longer, None while nobody waits."""
        if not self._waiting:
            return None
        if self._closed or len(self._waiting) >= max_requests:
            return 0
        return max(0, self._waiting[0].arrived_ns + max_wait_ns - now_ns)

    def _claim(self, now_ns: int, max_requests: int) -> list[Request]:
        """What waits, up to the first that what is in flight holds up; ingests alone or none."""
        taken: list[Ticket] = []
        while self._waiting and len(taken) < max_requests:
            request = self._waiting[0].request
            mixed = taken and (request.kind is RequestKind.INGEST) != (taken[0].request.kind is RequestKind.INGEST)
            if mixed or not self._in_flight.lets_out(request):
                break
            taken.append(self._waiting.popleft())
        for ticket in taken:
            ticket.taken_ns = now_ns
            self._tickets[ticket.request.row] = ticket
        requests = [ticket.request for ticket in taken]
        self._in_flight.enter(requests)
        return requests

    def _end(self, rows: Sequence[int]) -> list[Ticket]:
        now_ns = self._clock.now_ns()
        with self._changed:
            self._in_flight.leave(rows)
            tickets = [self._tickets.pop(row) for row in rows]
            self._changed.notify_all()
        for ticket in tickets:
            ticket.ended_ns = now_ns
        return tickets

    def _do_errands(self) -> None:
        """Do what was sent so far; a worker that comes meanwhile does the next."""
        for _ in range(len(self._errands)):
            with self._changed:
                if not self._errands:
                    return
                errand = self._errands.popleft()
            errand()
