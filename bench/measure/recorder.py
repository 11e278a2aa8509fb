"""Stamps and marks of one block, in arrays that are allocated before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from recsys.serving.protocols import STAGES, Clock
from recsys.types import Recommendation


class Outcome(IntEnum):
    """How a request ended. Every outcome but ANSWERED counts as an infinite response time."""

    UNSERVED = 0
    ANSWERED = 1
    TIMED_OUT = 2
    FAILED = 3
    REFUSED = 4


class Recorder:
    """Implements the tracer of the recommender and the stamps of the inbox, for n requests and lists of length k.

    All times are int64 ns of the block's clock; 0 = never. recommended int32 [n, k], -1 where a list is shorter.
    """

    def __init__(self, n: int, k: int, clock: Clock) -> None:
        self._clock = clock
        self.intended_ns = np.zeros(n, np.int64)
        self.taken_ns = np.zeros(n, np.int64)
        self.marks_ns = {stage: np.zeros(n, np.int64) for stage in STAGES}
        self.tokens_of = np.zeros(n, np.int32)
        self.padded_tokens_of = np.zeros(n, np.int32)
        self.outcomes = np.zeros(n, np.int8)
        self.recommended = np.full((n, k), -1, np.int32)

    def mark(self, stage: str, rows: Sequence[int]) -> None:
        """`stage` has just ended for the requests of these rows."""
        self.marks_ns[stage][rows if len(rows) > 1 else rows[0]] = self._clock.now_ns()

    def tokens(self, rows: Sequence[int], n_tokens: Sequence[int]) -> None:
        """Tokens that each request costs in the encoder."""
        self.tokens_of[rows] = n_tokens

    def padded(self, rows: Sequence[int], padded_tokens: int) -> None:
        """Spread the padded tokens of a batch over its requests, the remainder on the first."""
        share, rest = divmod(padded_tokens, len(rows))
        self.padded_tokens_of[rows] = share
        self.padded_tokens_of[rows[0]] += rest

    def taken(self, rows: range, now_ns: int) -> None:
        """These requests were handed out."""
        self.taken_ns[rows.start : rows.stop] = now_ns

    def timed_out(self, rows: range, limit_ns: int) -> None:
        """These requests were given up `limit_ns` after they were due, whenever that came to light."""
        self.taken_ns[rows.start : rows.stop] = self.intended_ns[rows.start : rows.stop] + limit_ns
        self.outcomes[rows.start : rows.stop] = Outcome.TIMED_OUT

    def answered(self, rows: Sequence[int], answers: Sequence[Recommendation | None]) -> None:
        """These requests were answered."""
        for row, answer in zip(rows, answers, strict=True):
            self.outcomes[row] = Outcome.ANSWERED
            if answer is not None:
                self.recommended[row, : len(answer.positions)] = answer.positions

    def finished_ns(self, row: int) -> int:
        """When the last stage of a request ended."""
        return int(max(marks[row] for marks in self.marks_ns.values()))

    def observed_ns(self) -> npt.NDArray[np.int64]:
        """When each request's last stage ended, or when it was given up, int64 [n]."""
        latest: npt.NDArray[np.int64] = np.maximum.reduce([self.taken_ns, *self.marks_ns.values()])
        return latest

    def stage_ends_ns(self) -> dict[str, npt.NDArray[np.int64]]:
        """Marks with those of stages that a request does not pass filled in: such a stage has length 0."""
        ends, last = {}, self.taken_ns
        for stage in STAGES:
            last = np.maximum(last, self.marks_ns[stage])
            ends[stage] = last
        return ends
