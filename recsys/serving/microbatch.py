"""Token-budget micro-batching: what is due when the encoder falls free goes together, first in first out.

No timer unless asked for: an idle system serves a lone request at once. Requests are prepared when they are taken,
together, so that none waits for another's preparation in a stage of its own, and wait in a carry-over queue until their
batch leaves, which is when the next request would exceed the budget or nothing more is due. Feedback is applied in its
place among them, so a request sees every earlier event of its user and no later one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby

from pydantic import Field

from recsys.options import OptionsModel
from recsys.pipeline import Batch, Recommender
from recsys.serving import SERVINGS
from recsys.serving.protocols import Inbox, Tracer
from recsys.types import Request, RequestKind

NS_PER_MS = 1_000_000


class MicrobatchOptions(OptionsModel):
    """max_tokens: budget of a batch, padding not counted; one request may exceed it alone. max_requests: its length.

    max_wait_ms: how long a batch that is not full waits for more; 0 = not at all.
    """

    max_tokens: int = Field(2048, ge=1)
    max_requests: int = Field(32, ge=1)
    max_wait_ms: float = Field(0.0, ge=0)


@SERVINGS.register("microbatch")
class MicrobatchServing:
    """Collects what is due into batches under a token budget."""

    Options = MicrobatchOptions

    def __init__(self, options: MicrobatchOptions) -> None:
        self.options = options
        self._max_wait_ns = round(options.max_wait_ms * NS_PER_MS)
        self._queue: deque[tuple[Batch, int]] = deque()  # prepared requests and their tokens, oldest first
        self._queued_tokens = 0

    def serve(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Serve until the inbox has nothing more and the queue is empty."""
        while self._queue or (taken := inbox.take(self.options.max_requests, self._max_wait_ns)):
            if not self._queue:
                self._admit(taken, inbox, recommender, tracer)
            self._fill(inbox, recommender, tracer)
            if batch := self._leave():
                answers = recommender.finish(batch, tracer)
                inbox.done([row for part in batch for row in part.rows], answers)

    def _fill(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Admit what is due until the budget or the length is reached."""
        while self._queued_tokens < self.options.max_tokens and len(self._queue) < self.options.max_requests:
            due = inbox.poll(self.options.max_requests - len(self._queue))
            if not due:
                return
            self._admit(due, inbox, recommender, tracer)

    def _admit(self, requests: Sequence[Request], inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        for kind, run in groupby(requests, key=lambda request: request.kind):
            if kind is RequestKind.FEEDBACK:
                for request in run:
                    recommender.feed_back(request, tracer)
                    inbox.done([request.row], [None])
            else:
                for prepared in recommender.begin(list(run), tracer).split():
                    tokens = prepared.draft.tokens_per_request()[0]
                    self._queue.append((prepared, tokens))
                    self._queued_tokens += tokens

    def _leave(self) -> list[Batch]:
        """The oldest requests that fit the budget together; always at least one of those there are."""
        batch: list[Batch] = []
        tokens = 0
        while self._queue and len(batch) < self.options.max_requests:
            if batch and tokens + self._queue[0][1] > self.options.max_tokens:
                break
            prepared, cost = self._queue.popleft()
            batch.append(prepared)
            tokens += cost
        self._queued_tokens -= tokens
        return batch
