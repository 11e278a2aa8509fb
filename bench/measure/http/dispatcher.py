"""Sends requests when they are due and takes the answers as they come, all in one thread, and says how late it was.

One thread waits on select, whose time-out is exact to the microsecond where epoll's steps in milliseconds, and spins
the last stretch where a core is free for it. At 200 requests/s, interleaved on a busy machine, its median lateness was
11 µs spinning and 32 µs asleep; eight threads with a request each were 137 µs late, an event loop 765 µs.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Protocol

from bench.clock import NS_PER_S, MonotonicClock
from bench.measure.asked import WrongAnswer
from bench.measure.http.connection import Connection
from bench.measure.http.failures import HttpFailure, OutOfTime, Refused
from bench.measure.http.reply import Reply
from bench.measure.recorder import Recorder
from bench.traffic.inbox import WaitingInbox
from recsys.types import Recommendation, Request


class Dialect(Protocol):
    """What is said to a system, and what its answers mean."""

    def message(self, request: Request) -> bytes:
        """The whole HTTP request."""

    def answer(self, request: Request, reply: Reply) -> Recommendation | None:
        """What a reply says. Raises HttpFailure or WrongAnswer where that is not an answer."""

    def lengths_ns(self, reply: Reply, took_ns: int) -> dict[str, int]:
        """The exchange of this length in parts, "queue" and stages, which add up to it."""

    def tokens(self, reply: Reply) -> int | None:
        """Tokens that the system says it computed, None where it does not."""


class Exchange:
    """One request under way."""

    __slots__ = ("connection", "request", "sent_ns")

    def __init__(self, connection: Connection, request: Request, sent_ns: int) -> None:
        self.connection = connection
        self.request = request
        self.sent_ns = sent_ns


class Dispatcher:
    """Offers an inbox to a system over connections that it keeps. Each carries one request at a time.

    A request that is due while all are busy waits here, which counts as waiting: so many is what the system can be
    offered at once. limit_s: longest time of one exchange.
    """

    def __init__(self, connections: Sequence[Connection], dialect: Dialect, limit_s: float) -> None:
        self._all = connections
        self._dialect = dialect
        self._limit_s = limit_s
        self._limit_ns = round(limit_s * NS_PER_S)

    def connect(self) -> None:
        """Open the connections that are not. Raises NotConnected."""
        for connection in self._all:
            connection.open(self._limit_s)

    def serve(self, inbox: WaitingInbox, recorder: Recorder, clock: MonotonicClock) -> dict[str, float]:
        """Serve it to its end. Returns how many requests had to wait for a connection, and how many opened theirs anew.

        Meanwhile the one thread does nothing else: `bench.analysis.validity` holds it against a run.
        """
        self.connect()
        reopened = self._reopened
        block = _Block(inbox, recorder, clock, self._dialect, self._limit_ns)
        block.free.extend(self._all)
        block.run()
        return {"waited_for_connection": float(block.crowded), "reopened_connections": float(self._reopened - reopened)}

    @property
    def _reopened(self) -> int:
        return sum(connection.reopened for connection in self._all)


class _Block:
    """One inbox being served. free: connections, the last used first, since they are warm. crowded: see above."""

    def __init__(
        self, inbox: WaitingInbox, recorder: Recorder, clock: MonotonicClock, dialect: Dialect, limit_ns: int
    ) -> None:
        self._inbox = inbox
        self._recorder = recorder
        self._clock = clock
        self._dialect = dialect
        self._limit_ns = limit_ns
        self._began_ns = clock.now_ns()
        self.free: list[Connection] = []
        self.crowded = 0
        self._free_since_ns = 0  # some connection has been free ever since
        self._under_way: dict[int, Exchange] = {}  # by socket, in the order in which they were sent

    def run(self) -> None:
        """Until nothing will come and nothing is under way."""
        while True:
            next_ns = self._send_what_is_due()
            if next_ns is None and not self._under_way:
                return
            self._wait(next_ns)
            self._give_up_late_ones()

    def _send_what_is_due(self) -> int | None:
        """Returns when the next request is due, None where none is known or no connection is free."""
        while self.free:
            now_ns = self._clock.now_ns()
            leave_ns = self._inbox.leave_ns(now_ns, 1, 0)
            if leave_ns is None or leave_ns > now_ns:
                return leave_ns
            for request in self._inbox.claim(now_ns, 1):
                self._send(request, leave_ns)
        return None

    def _send(self, request: Request, due_ns: int) -> None:
        connection = self.free.pop()
        message = self._dialect.message(request)
        sent_ns = self._clock.now_ns()
        exchange = Exchange(connection, request, sent_ns)
        if due_ns < self._free_since_ns:
            self.crowded += 1
        elif due_ns > self._began_ns:  # those of a pile that is there at the start wait for one another
            self._recorder.woke_late(request.row, sent_ns - due_ns)
        try:
            connection.send(message)
        except HttpFailure as failure:
            self._fail(exchange, failure, sent_ns)
        else:
            self._under_way[connection.fileno()] = exchange

    def _release(self, connection: Connection, now_ns: int) -> None:
        if not self.free:
            self._free_since_ns = now_ns
        self.free.append(connection)

    def _wait(self, next_ns: int | None) -> None:
        """Until the next request is due, an answer comes or the oldest exchange is over its limit."""
        if not self._under_way:
            assert next_ns is not None
            self._inbox.wait_until_ns(next_ns, self._clock.now_ns())
            return
        ends_ns = next(iter(self._under_way.values())).sent_ns + self._limit_ns
        if next_ns is not None:
            ends_ns = min(ends_ns, next_ns - self._clock.spin_ns)
        stay_s = max(0, ends_ns - self._clock.now_ns()) / NS_PER_S
        writers = [descriptor for descriptor, each in self._under_way.items() if each.connection.wants_to_write]
        readable, writable, _ = select.select(list(self._under_way), writers, [], stay_s)
        for descriptor in writable:
            self._write(self._under_way[descriptor])
        for descriptor in readable:
            if descriptor in self._under_way:
                self._read(self._under_way[descriptor])

    def _write(self, exchange: Exchange) -> None:
        descriptor = exchange.connection.fileno()
        try:
            exchange.connection.write()
        except HttpFailure as failure:
            del self._under_way[descriptor]
            self._fail(exchange, failure, self._clock.now_ns())

    def _read(self, exchange: Exchange) -> None:
        descriptor = exchange.connection.fileno()
        try:
            reply = exchange.connection.read()
            now_ns = self._clock.now_ns()
        except HttpFailure as failure:
            del self._under_way[descriptor]
            self._fail(exchange, failure, self._clock.now_ns())
            return
        if reply is None:
            return
        del self._under_way[descriptor]
        self._release(exchange.connection, now_ns)
        self._take(exchange, reply, now_ns)

    def _take(self, exchange: Exchange, reply: Reply, now_ns: int) -> None:
        """Write the answer down, with what the system says of its stages."""
        row = exchange.request.row
        try:
            answer = self._dialect.answer(exchange.request, reply)
        except (HttpFailure, WrongAnswer) as failure:
            self._tell(row, failure, now_ns)
            return
        lengths_ns = self._dialect.lengths_ns(reply, now_ns - exchange.sent_ns)
        self._recorder.told(row, exchange.sent_ns + lengths_ns.pop("queue", 0), lengths_ns)
        if (tokens := self._dialect.tokens(reply)) is not None:
            self._recorder.tokens([row], [tokens])
        self._recorder.answered([row], [answer], now_ns)
        self._inbox.ended([row], now_ns)

    def _give_up_late_ones(self) -> None:
        """An exchange over its limit ends as timed out, and so does its connection: the answer would still come."""
        now_ns = self._clock.now_ns()
        while self._under_way:
            oldest = next(iter(self._under_way.values()))
            if now_ns < oldest.sent_ns + self._limit_ns:
                return
            del self._under_way[oldest.connection.fileno()]
            self._fail(oldest, OutOfTime("no whole answer within the limit"), now_ns)

    def _fail(self, exchange: Exchange, failure: HttpFailure, now_ns: int) -> None:
        exchange.connection.close()
        self._release(exchange.connection, now_ns)
        self._tell(exchange.request.row, failure, now_ns)

    def _tell(self, row: int, failure: Exception, now_ns: int) -> None:
        if isinstance(failure, Refused):
            self._recorder.refused(row)
        elif isinstance(failure, OutOfTime):
            self._recorder.timed_out(row, now_ns - int(self._recorder.intended_ns[row]))
        else:
            self._recorder.failed([row], failure, now_ns)
        self._inbox.ended([row], now_ns)
