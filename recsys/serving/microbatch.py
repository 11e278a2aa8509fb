"""Token-budget micro-batching: what is due when the encoder falls free goes together, first in first out.

No timer unless asked for: an idle system serves a lone request at once. Requests are prepared when they are taken,
together, so that none waits for another's preparation in a stage of its own, and wait in a carry-over queue until their
batch leaves, which is when the next request would exceed the budget, or when nothing more is due and the oldest has
waited long enough. Feedback and ingests are applied in their places among them, so a request sees every earlier event
of its user and every earlier item, and no later one. An ingest changes the items for all, so the queue empties before.
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

    max_wait_ms: how long a request of a batch that is not full waits for more, from its intended time on; 0 = not at
    all.
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

    def serve(self, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        """Serve until the inbox has nothing more and the queue is empty."""
        batcher = Batcher(self.options, inbox, recommender, tracer)
        while requests := inbox.take(self.options.max_requests):
            batcher.admit(requests)
            batcher.serve_queue()


class Batcher:
    """The carry-over queue of one worker, and the batches that leave it."""

    def __init__(self, options: MicrobatchOptions, inbox: Inbox, recommender: Recommender, tracer: Tracer) -> None:
        self._options = options
        self._max_wait_ns = round(options.max_wait_ms * NS_PER_MS)
        self._inbox = inbox
        self._recommender = recommender
        self._tracer = tracer
        self._queue: deque[tuple[Batch, int]] = deque()  # prepared requests and their tokens, oldest first
        self._queued_tokens = 0

    def admit(self, requests: Sequence[Request]) -> None:
        """Let requests for a list join the queue, and apply feedback and ingests in their places among them."""
        for kind, run in groupby(requests, key=lambda request: request.kind):
            if kind is RequestKind.FEEDBACK:
                for request in run:
                    self._feed_back(request)
            elif kind is RequestKind.INGEST:
                self._ingest(list(run))
            else:
                self._enqueue(list(run))

    def serve_queue(self) -> None:
        """Fill batches and serve them until the queue is empty."""
        while self._queue:
            self._fill()
            self._serve_batch()

    def _enqueue(self, requests: Sequence[Request]) -> None:
        """Prepare them together; where that raises, one by one, so that a bad request fails alone."""
        try:
            prepared = self._recommender.begin(requests, self._tracer).split()
        except Exception as error:  # noqa: BLE001 whatever a request raises, the others must be served
            if len(requests) == 1:
                self._inbox.failed([requests[0].row], error)
            else:
                for request in requests:
                    self._enqueue([request])
            return
        for batch in prepared:
            tokens = batch.draft.tokens_per_request()[0]
            self._queue.append((batch, tokens))
            self._queued_tokens += tokens

    def _feed_back(self, request: Request) -> None:
        try:
            self._recommender.feed_back(request, self._tracer)
        except Exception as error:  # noqa: BLE001 see _enqueue
            self._inbox.failed([request.row], error)
        else:
            self._inbox.done([request.row], [None])

    def _ingest(self, requests: Sequence[Request]) -> None:
        """Apply these together, once everything before them has left; where that raises, one by one."""
        rows = [request.row for request in requests]
        try:
            intake = self._recommender.ingestion.begin(requests, self._tracer)
            while self._queue:
                self._serve_batch()
            self._recommender.ingestion.finish(intake, self._tracer)
        except Exception as error:  # noqa: BLE001 see _enqueue
            if len(requests) == 1:
                self._inbox.failed(rows, error)
            else:
                for request in requests:
                    self._ingest([request])
        else:
            self._inbox.done(rows, [None] * len(rows))

    def _fill(self) -> None:
        """Admit more until the batch is full, or nothing more is due and the oldest request has waited long enough."""
        while self._queue and not self._is_full():
            oldest = self._queue[0][0].rows[0]
            room = self._options.max_requests - len(self._queue)
            more = self._inbox.take_more(room, oldest, self._max_wait_ns)
            if not more:
                return
            self.admit(more)

    def _is_full(self) -> bool:
        return self._queued_tokens >= self._options.max_tokens or len(self._queue) >= self._options.max_requests

    def _serve_batch(self) -> None:
        """Serve the oldest requests that fit the budget together, one at least; nothing when none is queued."""
        batch: list[Batch] = []
        tokens = 0
        while self._queue and len(batch) < self._options.max_requests:
            if batch and tokens + self._queue[0][1] > self._options.max_tokens:
                break
            prepared, cost = self._queue.popleft()
            batch.append(prepared)
            tokens += cost
        self._queued_tokens -= tokens
        if batch:
            self._finish(batch)

    def _finish(self, batch: list[Batch]) -> None:
        """Serve them together; where that raises, one by one."""
        rows = [row for part in batch for row in part.rows]
        try:
            answers = self._recommender.finish(batch, self._tracer)
        except Exception as error:  # noqa: BLE001 see _enqueue
            if len(batch) == 1:
                self._inbox.failed(rows, error)
            else:
                for part in batch:
                    self._finish([part])
        else:
            self._inbox.done(rows, answers)
