"""Token-budget micro-batching: what is due when the encoder falls free goes together, first in first out.

With `group_by_length` it is the oldest of them and those of a length like its own (recsys.serving.batch_choice).
No timer unless asked for: an idle system serves a lone request at once. Requests are prepared when they are taken,
together, so that none waits for another's preparation in a stage of its own, and wait in a carry-over queue until their
batch leaves, which is when the next request would exceed the budget, or when nothing more is due and the oldest has
waited long enough. A request that nobody waits for any more by then is dropped before it is encoded. Feedback and
ingests are applied in their places among them, so a request sees every earlier event of its user and every earlier
item, and no later one. An ingest changes the items for all, so the queue empties before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pydantic import Field

from recsys.options import OptionsModel
from recsys.pipeline import Batch, Recommender
from recsys.serving import SERVINGS
from recsys.serving.batch_choice import Rule, nearest_in_length, oldest_first
from recsys.serving.protocols import Inbox, Tracer
from recsys.types import Request, RequestKind

NS_PER_MS = 1_000_000


class MicrobatchOptions(OptionsModel):
    """max_tokens: budget of a batch, padding not counted; one request may exceed it alone. max_requests: its length.

    max_wait_ms: how long a request of a batch that is not full waits for more, from its intended time on; 0 = not at
    all. group_by_length: the budget then counts padding, and as many as max_requests are taken, though fewer fill it,
    so that there is a choice.
    """

    max_tokens: int = Field(2048, ge=1)
    max_requests: int = Field(32, ge=1)
    max_wait_ms: float = Field(0.0, ge=0)
    group_by_length: bool = False


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
        self._choose: Rule = nearest_in_length if options.group_by_length else oldest_first
        self._queue: list[tuple[Batch, int]] = []  # prepared requests and their tokens, oldest first
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
        """Admit more until the batch is full, or nothing more is due and the oldest request has waited long enough.

        Where lengths are grouped, then also what else is due, so that there is a choice: for that nobody waits.
        """
        while self._queue and not self._is_full():
            oldest = self._queue[0][0].rows[0]
            room = self._options.max_requests - len(self._queue)
            more = self._inbox.take_more(room, oldest, self._max_wait_ns)
            if not more:
                break
            self.admit(more)
        room = self._options.max_requests - len(self._queue)
        if self._options.group_by_length and room > 0:
            self.admit(self._inbox.poll(room))

    def _is_full(self) -> bool:
        return self._queued_tokens >= self._options.max_tokens or len(self._queue) >= self._options.max_requests

    def _serve_batch(self) -> None:
        """Serve what the rule chooses, one request at least; nothing when none is queued, or some were cancelled.

        Without those the batch may not be full any more, so it is filled up first.
        """
        if not self._queue or self._drop_cancelled():
            return
        tokens = [cost for _, cost in self._queue]
        self._finish(self._leave(self._choose(tokens, self._options.max_tokens, self._options.max_requests)))

    def _drop_cancelled(self) -> bool:
        """Let those leave that nobody waits for any more; whether there were any."""
        rows = [prepared.rows[0] for prepared, _ in self._queue]
        dropped = set(self._inbox.drop_cancelled(rows))
        if dropped:
            self._leave([place for place, row in enumerate(rows) if row in dropped])
        return bool(dropped)

    def _leave(self, places: Sequence[int]) -> list[Batch]:
        """Take these out of the queue."""
        leaving = set(places)
        self._queued_tokens -= sum(self._queue[place][1] for place in places)
        batch = [self._queue[place][0] for place in places]
        self._queue = [entry for place, entry in enumerate(self._queue) if place not in leaving]
        return batch

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
