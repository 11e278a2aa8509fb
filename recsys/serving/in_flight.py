"""What several workers have in hand, and what may join it, so that the world changes in the order of the requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from recsys.types import Request, RequestKind


class InFlight:
    """The requests that were handed out and have not left. Not safe for threads by itself: its owner holds a lock.

    Feedback may leave only when no earlier request of its user is in flight, and no later one while it is; an ingest
    only when nothing is in flight, and nothing while it is.
    """

    def __init__(self) -> None:
        self._requests: dict[int, Request] = {}
        self._reading = Counter[int]()  # requests for a list, by user
        self._writing = Counter[int]()  # feedback, by user
        self._ingests = 0

    def __len__(self) -> int:
        return len(self._requests)

    def lets_out(self, request: Request) -> bool:
        """Whether this request may be handed out now."""
        if self._ingests:
            return False
        if request.kind is RequestKind.INGEST:
            return not self._requests
        if request.kind is RequestKind.FEEDBACK:
            return not (self._reading[request.user] or self._writing[request.user])
        return not self._writing[request.user]

    def enter(self, requests: Iterable[Request]) -> None:
        """They are handed out together to one worker, which serves them in order: they hold up others, not one another.

        Rows are their names, so each is in flight once.
        """
        for request in requests:
            self._requests[request.row] = request
            self._count(request, 1)

    def leave(self, rows: Iterable[int]) -> None:
        """They are done, one way or the other."""
        for row in rows:
            self._count(self._requests.pop(row), -1)

    def _count(self, request: Request, step: int) -> None:
        if request.kind is RequestKind.INGEST:
            self._ingests += step
            return
        counter = self._writing if request.kind is RequestKind.FEEDBACK else self._reading
        counter[request.user] += step
        if not counter[request.user]:
            del counter[request.user]
