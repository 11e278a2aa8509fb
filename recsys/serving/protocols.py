"""What the recommender needs of the world around it: requests, time and marks.

A benchmark injects its own; a service brings a real queue. The recommender itself reads no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recsys.types import Positions, Recommendation, Request

STAGES = (
    "network",
    "serialise",
    "service",
    "clean",
    "profile",
    "prepare",
    "batch_wait",
    "encode",
    "index",
    "retrieve",
    "rank",
    "first_token",
    "more_tokens",
    "rerank",
    "update",
    "respond",
)
"""Stages in the order in which a request passes them. Those that a kind of request does not pass have length 0.

network: of a system over the wire, there and back, with what neither end accounts for; serialise: reading requests and
writing answers there; service: what a system does that does not say more. In process all three have length 0.
first_token, more_tokens: of a re-ranker that writes its list; rerank is what is left after them, or all of re-ranking.
"""


class Clock(Protocol):
    """A monotonic clock in integer ns that can be waited on."""

    def now_ns(self) -> int:
        """Nanoseconds of an arbitrary but steady origin."""

    def wait_until_ns(self, deadline_ns: int) -> None:
        """Return at the deadline, or at once when it is past."""


class Tracer(Protocol):
    """Told at each boundary of a stage. A batch marks all its members at once."""

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """`stage` has just ended for the requests of these rows."""

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Tokens that each request costs in the encoder; 0 when no text had to be computed."""

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """The requests of these rows went through the encoder together, as this many tokens with padding."""

    def reranked(
        self, rows: Sequence[int], candidates: Sequence[Positions], n_tokens: Sequence[int], padded_tokens: int
    ) -> None:
        """A re-ranker was handed these candidates of each request, and read so many tokens for each.

        padded_tokens: computed for all of them, padding included. Not told where there is no re-ranker.
        """


class Inbox(Protocol):
    """Hands requests out when they are due, oldest first."""

    def take(self, max_requests: int, max_wait_ns: int = 0) -> list[Request]:
        """Wait for the next request; return once `max_requests` are due or `max_wait_ns` after the oldest fell due.

        Returns [] when no request will come any more. Ingests are handed out with ingests alone, here and below, since
        what follows one can only be begun when it is done.
        """

    def poll(self, max_requests: int) -> list[Request]:
        """The requests that are due now, at most this many; never waits."""

    def take_more(self, max_requests: int, oldest: int, max_wait_ns: int) -> list[Request]:
        """The requests that are due now, at most this many; where there are none, wait for the next.

        Returns [] once the request of row `oldest`, taken before, has waited `max_wait_ns` from its intended time on,
        never earlier because nothing else is scheduled.
        """

    def drop_cancelled(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of these requests, taken and not answered, that nobody waits for any more: timed out, or hung up.

        They have ended with this call and are counted; neither done nor failed is said of them.
        """

    def done(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests are answered; None for a request that has no answer but its effect."""

    def failed(self, rows: Sequence[int], error: Exception) -> None:
        """These requests ended in an error; the service goes on."""


class NullTracer:
    """Marks nothing: for production and for untimed passes."""

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """Nothing."""

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Nothing."""

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """Nothing."""

    def reranked(
        self, rows: Sequence[int], candidates: Sequence[Positions], n_tokens: Sequence[int], padded_tokens: int
    ) -> None:
        """Nothing."""
