"""A queue of requests and the servers behind it, in simulated time: first in first out, one by one or in batches.

A server does what recsys.serving.microbatch does: it takes what is due when it falls free, as many as a batch may have,
waits for more only as long as it is told to, and lets the same rule (recsys.serving.batch_choice) choose who leaves.
Serving one by one is a batch of one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.analysis.plan.observations import FEEDBACK, INGEST, LIST
from bench.analysis.plan.service_times import LEAST_NS, POINTS, ServiceTimes
from recsys.serving.batch_choice import Rule, oldest_first

Ns = npt.NDArray[np.int64]
UNBOUNDED = 2**62


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What bounds a batch, as in recsys.serving.microbatch. gathers: takes all that is due, so that there is a choice.

    The defaults serve one request at a time.
    """

    max_requests: int = 1
    max_tokens: int = UNBOUNDED
    max_wait_ns: int = 0
    choose: Rule = oldest_first
    gathers: bool = False

    def with_requests(self, max_requests: int) -> BatchLimits:
        """The same for batches of at most so many."""
        return replace(self, max_requests=max_requests)


@dataclass(frozen=True)
class Mix:
    """Shares of the requests that report feedback or bring an item; the rest ask for lists."""

    feedback: float = 0.0
    ingest: float = 0.0

    def draw(self, n: int, rng: np.random.Generator) -> npt.NDArray[np.int8]:
        """The kinds of n requests, each drawn by itself."""
        at = rng.random(n)
        kinds = np.full(n, LIST, np.int8)
        kinds[at < self.feedback + self.ingest] = INGEST
        kinds[at < self.feedback] = FEEDBACK
        return kinds


def simulate(
    intended_ns: Ns,
    kinds: npt.NDArray[np.int8],
    service: ServiceTimes,
    limits: BatchLimits,
    servers: int,
    rng: np.random.Generator,
) -> Ns:
    """Response times in ns, int64 [n], of requests due at these rising times; servers share one queue.

    Service times are drawn from what was measured, in stretches, and tokens each by themselves. A kind of which none
    was measured takes no time.
    """
    if limits.max_requests == 1 and not service.counts_hits:
        return _one_by_one(intended_ns, kinds, service, servers, rng)
    return _Simulation(intended_ns, kinds, service, limits, rng).run(servers)


def _one_by_one(
    intended_ns: Ns, kinds: npt.NDArray[np.int8], service: ServiceTimes, servers: int, rng: np.random.Generator
) -> Ns:
    """No batches: whoever falls free first takes the next, so its end moves on by what that takes."""
    at = service.draw(len(intended_ns), rng)
    busy_ns, idle_ns = (
        np.maximum(table[1][at] + service.extra_ns, LEAST_NS) for table in (service.busy_ns, service.idle_ns)
    )
    for kind, table_ns in ((FEEDBACK, service.feedback_ns), (INGEST, service.ingest_ns)):
        own_ns = 0.0 if table_ns is None else table_ns[at]
        busy_ns = np.where(kinds == kind, own_ns, busy_ns)
        idle_ns = np.where(kinds == kind, own_ns, idle_ns)
    free_ns, ends_ns = [-1.0] * servers, []  # a heap: its first is the least
    for due_ns, on_ns, woken_ns in zip(intended_ns.tolist(), busy_ns.tolist(), idle_ns.tolist(), strict=True):
        end_ns = due_ns + woken_ns if due_ns > free_ns[0] else free_ns[0] + on_ns
        heapq.heapreplace(free_ns, end_ns)
        ends_ns.append(end_ns)
    return np.rint(ends_ns).astype(np.int64) - intended_ns


class _Simulation:
    """The queue that the servers share: what is due, and what was drawn for it."""

    def __init__(
        self, intended_ns: Ns, kinds: npt.NDArray[np.int8], service: ServiceTimes, limits: BatchLimits,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.limits = limits
        self.due_ns = [*intended_ns.tolist(), float("inf")]
        self.kinds = kinds.tolist()
        self.tokens = rng.choice(service.tokens, len(kinds)).tolist()
        self.counts_hits = service.counts_hits
        self.busy_ns, self.idle_ns = service.busy_ns.tolist(), service.idle_ns.tolist()
        self.extra_ns = service.extra_ns
        none = np.zeros(POINTS)
        feedback_ns, ingest_ns = (
            none if table is None else table for table in (service.feedback_ns, service.ingest_ns)
        )
        self.other_ns = {FEEDBACK: feedback_ns.tolist(), INGEST: ingest_ns.tolist()}
        self.at = iter(service.draw(len(kinds), rng).tolist())
        self.ended_ns = [0.0] * len(kinds)
        self.next = 0
        self._intended_ns = intended_ns

    def run(self, servers: int) -> Ns:
        """The server that falls free first goes on, until nothing is left."""
        free = [(-1.0, place) for place in range(servers)]
        crew = [_Server(self) for _ in range(servers)]
        while free:
            _, place = heapq.heappop(free)
            until_ns = crew[place].serve()
            if until_ns is not None:
                heapq.heappush(free, (until_ns, place))
        return np.rint(self.ended_ns).astype(np.int64) - self._intended_ns

    def claim(self, now_ns: float, room: int) -> Iterator[int]:
        """What is due now, oldest first, at most this many."""
        first = self.next
        while self.next - first < room and self.due_ns[self.next] <= now_ns:
            self.next += 1
        return iter(range(first, self.next))


class _Server:
    """One worker: its carry-over queue and its clock."""

    def __init__(self, shared: _Simulation) -> None:
        self._shared = shared
        self._now_ns = -1.0
        self._was_idle = False
        self._queue: list[int] = []
        self._queued_tokens = 0

    def serve(self) -> float | None:
        """Take where nothing is queued, fill up and serve a batch; until when. None where nothing more will come."""
        shared = self._shared
        if not self._queue:
            if shared.next == len(shared.kinds):
                return None
            self._wait_until(shared.due_ns[shared.next])
            self._admit(shared.claim(self._now_ns, shared.limits.max_requests))
        if self._queue:
            self._fill()
            self._serve_batch()
        return self._now_ns

    def _wait_until(self, due_ns: float) -> None:
        if due_ns > self._now_ns:
            self._now_ns, self._was_idle = due_ns, True

    def _admit(self, taken: Iterator[int]) -> None:
        """Lists join the queue; feedback is applied in its place, an ingest once everything before it has left."""
        shared = self._shared
        for row in taken:
            kind = shared.kinds[row]
            if kind == LIST:
                self._queue.append(row)
                self._queued_tokens += shared.tokens[row]
                continue
            while kind == INGEST and self._queue:
                self._serve_batch()
            self._now_ns += shared.other_ns[kind][next(shared.at)]
            self._was_idle = False
            shared.ended_ns[row] = self._now_ns

    def _fill(self) -> None:
        """Admit more until the batch is full, or nothing more is due and the oldest has waited long enough."""
        shared, limits = self._shared, self._shared.limits
        while self._queue and not self._is_full():
            if shared.due_ns[shared.next] > self._now_ns:
                over_ns = shared.due_ns[self._queue[0]] + limits.max_wait_ns
                if over_ns <= self._now_ns:
                    break
                self._now_ns = min(over_ns, shared.due_ns[shared.next])
                if shared.due_ns[shared.next] > self._now_ns:
                    break
            self._admit(shared.claim(self._now_ns, limits.max_requests - len(self._queue)))
        room = limits.max_requests - len(self._queue)
        if limits.gathers and room > 0:
            self._admit(shared.claim(self._now_ns, room))

    def _is_full(self) -> bool:
        limits = self._shared.limits
        return self._queued_tokens >= limits.max_tokens or len(self._queue) >= limits.max_requests

    def _serve_batch(self) -> None:
        """Serve whom the rule chooses."""
        shared, limits, queue = self._shared, self._shared.limits, self._queue
        if not queue:
            return
        tokens = [shared.tokens[row] for row in queue]
        places = shared.limits.choose(tokens, limits.max_tokens, limits.max_requests)
        size = sum(tokens[place] > 0 for place in places) if shared.counts_hits else len(places)
        table_ns = shared.idle_ns if self._was_idle else shared.busy_ns
        self._was_idle = False
        self._now_ns += max(table_ns[size][next(shared.at)] + shared.extra_ns * len(places), LEAST_NS)
        for place in reversed(places):
            self._queued_tokens -= tokens[place]
            shared.ended_ns[queue.pop(place)] = self._now_ns
