"""Inboxes hand requests out when they are due, in the process that serves them; here what all have in common.

The queue is implicit in what is due: an idle system waits, a busy one finds all that fell due meanwhile, oldest first.
No generator thread competes for the interpreter, and none can be late.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.serving.protocols import Clock
from recsys.types import Recommendation, Request, RequestKind

Admits = Callable[[Request], bool]


class Stamps(Protocol):
    """Where an inbox writes what happens to requests. All times in ns of the block's clock."""

    intended_ns: npt.NDArray[np.int64]

    def due(self, rows: range, intended_ns: int) -> None:
        """These requests are due at this time."""

    def handed_over(self, row: int, intended_ns: int, now_ns: int) -> None:
        """This request was due and is handed out: `due` and `taken` in one."""

    def woke_late(self, row: int, lateness_ns: int) -> None:
        """The system waited for this request, and got it so long after it could leave."""

    def taken(self, rows: Sequence[int], now_ns: int) -> None:
        """These requests were handed out."""

    def timed_out(self, row: int, limit_ns: int) -> None:
        """This request was given up `limit_ns` after it was due."""

    def given_up(self, row: int, limit_ns: int) -> None:
        """This request timed out after it was taken, which came to light before it was encoded."""

    def refused(self, row: int) -> None:
        """This request was turned away when it was due."""

    def answered(self, rows: Sequence[int], answers: Sequence[Recommendation | None], now_ns: int) -> None:
        """These requests were answered."""

    def failed(self, rows: Sequence[int], error: Exception, now_ns: int) -> None:
        """These requests ended in an error."""


class WaitingInbox(ABC):
    """Waits until requests may leave. What is due, and when it may leave, is the subclass's; it never looks ahead."""

    def __init__(self, clock: Clock, stamps: Stamps) -> None:
        self.clock = clock
        self.stamps = stamps

    @abstractmethod
    def leave_ns(self, now_ns: int, max_requests: int, max_wait_ns: int) -> int | None:
        """When the next requests may leave, as far as is known by now; None while nothing is known to come."""

    @abstractmethod
    def claim(self, now_ns: int, max_requests: int, admits: Admits | None = None) -> list[Request]:
        """What is due by now, at most this many, up to the first that `admits` refuses."""

    @abstractmethod
    def drained(self) -> bool:
        """Nothing will come any more, whatever is done."""

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """Wait for the next request; return once `max_requests` are due or `max_wait_ns` after the oldest fell due."""
        waited_until_ns = None
        now_ns = self.clock.now_ns()
        while (leave_ns := self.leave_ns(now_ns, max_requests, max_wait_ns)) is not None:
            if leave_ns <= now_ns:
                taken = self.claim(now_ns, max_requests)
                if leave_ns == waited_until_ns:
                    self.stamps.woke_late(taken[0].row, now_ns - leave_ns)
                return taken
            self.wait_until_ns(leave_ns, now_ns)
            waited_until_ns, now_ns = leave_ns, self.clock.now_ns()
        return []

    def wait_until_ns(self, leave_ns: int, now_ns: int) -> None:
        """Let the time pass from now until requests may leave."""
        self.clock.wait_until_ns(leave_ns)

    def poll(self, max_requests: int) -> list[Request]:
        """The requests that are due now, at most this many; never waits."""
        return self.claim(self.clock.now_ns(), max_requests)

    def take_more(self, max_requests: int, oldest: int, max_wait_ns: int) -> list[Request]:
        """What is due now, or else next; [] once the request of row `oldest` has waited `max_wait_ns`."""
        over_ns = int(self.stamps.intended_ns[oldest]) + max_wait_ns
        now_ns = self.clock.now_ns()
        taken = self.claim(now_ns, max_requests)
        while not taken and now_ns < over_ns:
            next_ns = self.leave_ns(now_ns, 1, 0)
            waited_until_ns = over_ns if next_ns is None else min(next_ns, over_ns)
            self.clock.wait_until_ns(waited_until_ns)
            now_ns = self.clock.now_ns()
            taken = self.claim(now_ns, max_requests)
            if taken and waited_until_ns == next_ns:
                self.stamps.woke_late(taken[0].row, now_ns - waited_until_ns)
        return taken

    def drop_cancelled(self, rows: Sequence[int]) -> Sequence[int]:
        """None: without a time-out whoever asked waits."""
        return ()

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests are answered."""
        now_ns = self.clock.now_ns()
        self.stamps.answered(rows, answers, now_ns)
        self.ended(rows, now_ns)

    def failed(self, rows: Sequence[int], error: Exception) -> None:
        """These requests ended in an error."""
        now_ns = self.clock.now_ns()
        self.stamps.failed(rows, error, now_ns)
        self.ended(rows, now_ns)

    def ended(self, rows: Sequence[int], now_ns: int) -> None:  # noqa: B027 an open loop has nothing to do
        """These requests have left the system; in a closed loop that makes others due."""


def admitted(requests: list[Request], admits: Admits | None) -> list[Request]:
    """The requests before the first that is not admitted, and either ingests alone or none.

    What follows an ingest stays in the queue meanwhile: it can only be begun once all see the item.
    """
    if admits is None and len(requests) < 2:
        return requests
    for place, request in enumerate(requests):
        if (request.kind is RequestKind.INGEST) != (requests[0].kind is RequestKind.INGEST):
            return requests[:place]
        if admits is not None and not admits(request):
            return requests[:place]
    return requests
