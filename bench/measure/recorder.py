"""Stamps and marks of one block, in arrays that are allocated before it starts: nothing grows while it is timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from recsys.serving.protocols import STAGES, Clock
from recsys.types import Positions, Recommendation

NOT_WAITED_FOR = -1
LONGEST_LATENESS_NS = np.iinfo(np.int32).max
UNKNOWN = -1
"""Tokens of a system that does not say how many it computes."""
KINDS_OF_ERRORS = 20
"""Different error messages that are kept; all are counted."""


class Outcome(IntEnum):
    """How a request ended. Every outcome but ANSWERED counts as an infinite response time."""

    UNSERVED = 0
    ANSWERED = 1
    TIMED_OUT = 2
    FAILED = 3
    REFUSED = 4


_ANSWERED = int(Outcome.ANSWERED)  # an enum member costs ten times as much to store


@dataclass(frozen=True)
class Handed:
    """What a re-ranker was handed and read, by row. candidates int32 [n, N], −1 where there are fewer.

    tokens, padded_tokens int32 [n]: that it read for each request, and its share of those computed with padding.
    """

    candidates: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]
    padded_tokens: npt.NDArray[np.int32]

    @classmethod
    def of(cls, n: int, n_candidates: int) -> Handed:
        """Nothing yet, of n requests."""
        return cls(np.full((n, n_candidates), -1, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32))


class Recorder:
    """Implements the tracer of the recommender and the stamps of the inbox, for n requests and lists of length k.

    n_candidates: that a re-ranker is handed; without one `handed` is None. All times are int64 ns of the block's clock;
    0 = never. ended_ns: when the request left the system, whichever way.
    lateness_ns int32: how late the inbox was for a request that the system waited for, else NOT_WAITED_FOR.
    recommended int32 [n, k], -1 where a list is shorter. errors: messages of failed requests and how often each came.
    """

    def __init__(self, n: int, k: int, clock: Clock, n_candidates: int = 0) -> None:
        self._clock = clock
        self.intended_ns = np.zeros(n, np.int64)
        self.taken_ns = np.zeros(n, np.int64)
        self.ended_ns = np.zeros(n, np.int64)
        self.marks_ns = {stage: np.zeros(n, np.int64) for stage in STAGES[:-1]}
        self.marks_ns[STAGES[-1]] = self.ended_ns  # the last stage ends with the request
        self.lateness_ns = np.full(n, NOT_WAITED_FOR, np.int32)
        self.tokens_of = np.zeros(n, np.int32)
        self.padded_tokens_of = np.zeros(n, np.int32)
        self.outcomes = np.zeros(n, np.int8)
        self.recommended = np.full((n, k), -1, np.int32)
        self.handed = Handed.of(n, n_candidates) if n_candidates else None
        self.errors: Counter[str] = Counter()
        self.first_error: Exception | None = None
        # single values are written through views: three times as fast as through the arrays
        self._intended, self._taken = self.intended_ns.data, self.taken_ns.data
        self._ended = self.ended_ns.data
        self._outcomes, self._lateness = self.outcomes.data, self.lateness_ns.data
        self._marks = {stage: marks.data for stage, marks in self.marks_ns.items()}

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """`stage` has just ended for the requests of these rows."""
        now_ns = self._clock.now_ns()
        marks = self._marks[stage]
        for row in rows:
            marks[row] = now_ns

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Tokens that each request costs in the encoder."""
        self.tokens_of[rows] = n_tokens

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """Spread the padded tokens of a batch over its requests, the remainder on the first."""
        _share_out(padded_tokens, rows, self.padded_tokens_of)

    def reranked(
        self, rows: Sequence[int], candidates: Sequence[Positions], n_tokens: Sequence[int], padded_tokens: int
    ) -> None:
        """A re-ranker was handed these candidates of each request, and read so many tokens for each."""
        if self.handed is None:
            raise ValueError("a recorder made for no candidates was told of some")
        for row, positions in zip(rows, candidates, strict=True):
            self.handed.candidates[row, : len(positions)] = positions
        self.handed.tokens[rows] = n_tokens
        _share_out(padded_tokens, rows, self.handed.padded_tokens)

    def told(self, row: int, taken_ns: int, lengths_ns: Mapping[str, int]) -> None:
        """A system elsewhere took this request at this time, as far as is known, and says how long its stages were.

        They follow one another in the order of STAGES.
        """
        self._taken[row] = end_ns = taken_ns
        for stage in STAGES:
            if stage in lengths_ns:
                end_ns += lengths_ns[stage]
                self._marks[stage][row] = end_ns

    def due(self, rows: range, intended_ns: int) -> None:
        """These requests are due at this time."""
        self.intended_ns[rows.start : rows.stop] = intended_ns

    def handed_over(self, row: int, intended_ns: int, now_ns: int) -> None:
        """This request was due and is handed out."""
        self._intended[row] = intended_ns
        self._taken[row] = now_ns

    def woke_late(self, row: int, lateness_ns: int) -> None:
        """The system waited for this request, and got it so long after it could leave."""
        self._lateness[row] = min(lateness_ns, LONGEST_LATENESS_NS)

    def taken(self, rows: Sequence[int], now_ns: int) -> None:
        """These requests were handed out."""
        taken = self._taken
        for row in rows:
            taken[row] = now_ns

    def timed_out(self, row: int, limit_ns: int) -> None:
        """This request was given up `limit_ns` after it was due, whenever that came to light."""
        self._leave(row, int(self.intended_ns[row]) + limit_ns, Outcome.TIMED_OUT)

    def given_up(self, row: int, limit_ns: int) -> None:
        """This request timed out after it was taken, at its limit: what was done for it later is not its time."""
        for marks in self._marks.values():
            marks[row] = min(marks[row], limit_ns)
        self._marks["batch_wait"][row] = self._ended[row] = limit_ns
        self._outcomes[row] = Outcome.TIMED_OUT

    def refused(self, row: int) -> None:
        """This request was turned away when it was due."""
        self._leave(row, int(self.intended_ns[row]), Outcome.REFUSED)

    def answered(self, rows: Sequence[int], answers: Sequence[Recommendation | None], now_ns: int) -> None:
        """These requests were answered. Raises ValueError unless there is one answer a request."""
        if len(rows) != len(answers):  # a strict zip would cost as much as all the rest
            raise ValueError(f"{len(answers)} answers to {len(rows)} requests; there must be one each, None included")
        ended, outcomes = self._ended, self._outcomes
        for row in rows:
            ended[row] = now_ns
            outcomes[row] = _ANSWERED
        for place, answer in enumerate(answers):
            if answer is not None:
                self.recommended[rows[place], : len(answer.positions)] = answer.positions

    def failed(self, rows: Sequence[int], error: Exception, now_ns: int) -> None:
        """These requests ended in an error."""
        for row in rows:
            self._ended[row] = now_ns
            self._outcomes[row] = Outcome.FAILED
        self.first_error = self.first_error or error
        message = f"{type(error).__name__}: {error}"
        if message not in self.errors and len(self.errors) >= KINDS_OF_ERRORS:
            message = "other errors"
        self.errors[message] += len(rows)

    def close(self, start_ns: int) -> None:
        """Count all times from the block's start, and give stages that a request does not pass length 0.

        Works in place, since there may be a million requests. Between the mark of the last stage and the inbox's stamp,
        which takes its place, lies handing the answer over.
        """
        last = self.taken_ns
        for stage in STAGES[:-1]:
            last = np.maximum(last, self.marks_ns[stage], out=self.marks_ns[stage])
        for times_ns in (self.intended_ns, self.taken_ns, *self.marks_ns.values()):
            times_ns -= start_ns

    def _leave(self, row: int, at_ns: int, outcome: Outcome) -> None:
        self._taken[row] = self._ended[row] = at_ns
        self._outcomes[row] = outcome


def _share_out(padded_tokens: int, rows: Sequence[int], column: npt.NDArray[np.int32]) -> None:
    """Write the batch's tokens into the column in equal parts, the remainder on the first row."""
    share, rest = divmod(padded_tokens, len(rows))
    column[rows] = share
    column[rows[0]] += rest
