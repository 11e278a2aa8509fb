"""What happens to one request of a service, from its arrival to its end, and the tracer that writes it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.serving.protocols import STAGES, Clock
from recsys.types import Positions, Recommendation, Request


@dataclass(slots=True, eq=False)
class Ticket:
    """One request in a service. Times are ns of the service's clock, 0 = not yet.

    on_end: called once, by the worker, when it has ended with an answer (None for one that has no answer but its
    effect) or an error. withdrawn: nobody waits for it any more. marks_ns: stage → its end. tokens: that the encoder
    computed for it.
    """

    request: Request
    arrived_ns: int
    on_end: Callable[[Ticket], None]
    taken_ns: int = 0
    ended_ns: int = 0
    marks_ns: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    answer: Recommendation | None = None
    error: Exception | None = None
    withdrawn: bool = False

    def lengths_ns(self) -> dict[str, int]:
        """The queue and every stage that it passed, in order; they add up to ended − arrived exactly."""
        lengths = {"queue": self.taken_ns - self.arrived_ns}
        passed = [stage for stage in STAGES if stage in self.marks_ns]
        last_ns = self.taken_ns
        for stage in passed:
            end_ns = self.ended_ns if stage == passed[-1] else max(last_ns, self.marks_ns[stage])
            lengths[stage] = end_ns - last_ns
            last_ns = end_ns
        return lengths


class TicketTracer:
    """Implements `recsys.serving.protocols.Tracer` for tickets in flight. tickets: by row; its owner keeps them."""

    def __init__(self, tickets: Mapping[int, Ticket], clock: Clock) -> None:
        self._tickets = tickets
        self._clock = clock

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """`stage` has just ended for the requests of these rows."""
        now_ns = self._clock.now_ns()
        for row in rows:
            self._tickets[row].marks_ns[stage] = now_ns

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Tokens that each request costs in the encoder."""
        for row, tokens in zip(rows, n_tokens, strict=True):
            self._tickets[row].tokens = int(tokens)

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """Nothing: a service tells what was asked of it."""

    def reranked(
        self, rows: Sequence[int], candidates: Sequence[Positions], n_tokens: Sequence[int], padded_tokens: int
    ) -> None:
        """Nothing, as above."""
