"""An arm behind a queue: its workers' threads, and the event loop's way in and out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from bench.clock import MonotonicClock
from bench.measure.arm import BuiltArm
from bench.measure.crew import Member
from bench.service.limits import ServiceLimits
from bench.service.refusals import Refusal, ending, failed, out_of_time, queue_full
from recsys.encoders.protocol import Encoder
from recsys.serving.queue_inbox import QueueBusy, QueueClosed, QueueFull, QueueInbox
from recsys.serving.tickets import Ticket
from recsys.types import Request

T = TypeVar("T")


class Engine:
    """Serves requests with the arm's own workers. Started and drained once; `ask` and `with_encoder` are the loop's."""

    def __init__(self, built: BuiltArm, limits: ServiceLimits) -> None:
        self.built = built
        self.inbox = QueueInbox(MonotonicClock(), limits.queue)
        self._limits = limits
        self._mine = threading.local()  # the encoder of each worker's thread
        self._threads = [
            threading.Thread(target=self._work, args=(member,), name=f"worker-{place}", daemon=True)
            for place, member in enumerate(built.crew)
        ]

    def start(self) -> None:
        """Let the workers begin."""
        for thread in self._threads:
            thread.start()

    def drain(self) -> None:
        """Finish what waits, take nothing new, end the workers."""
        self.inbox.close()
        for thread in self._threads:
            thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether every worker is at its work."""
        return all(thread.is_alive() for thread in self._threads)

    async def ask(self, request: Request) -> Ticket:
        """Let a worker serve it. Raises Refusal: 503, 504, and 500 where it ended in an error."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Ticket] = loop.create_future()

        def on_end(ticket: Ticket) -> None:
            loop.call_soon_threadsafe(_resolve, ended, ticket)

        try:
            ticket = self.inbox.offer(request, on_end)
        except QueueFull as error:
            raise queue_full() from error
        except QueueClosed as error:
            raise ending() from error
        await self._in_time(ended, lambda: self.inbox.withdraw(ticket))
        if ticket.error is not None:
            raise failed(ticket.error)
        return ticket

    async def with_encoder(self, work: Callable[[Encoder], T]) -> T:
        """What the work makes of a worker's encoder, in that worker's thread. Raises Refusal as `ask` does."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[T | Exception] = loop.create_future()

        def errand() -> None:
            result: T | Exception
            try:
                result = work(self._mine.encoder)
            except Exception as error:  # noqa: BLE001 whatever one call raises, the worker goes on
                result = error
            loop.call_soon_threadsafe(_resolve, ended, result)

        try:
            self.inbox.send(errand)
        except QueueFull as error:
            raise queue_full() from error
        except QueueClosed as error:
            raise ending() from error
        result = await self._in_time(ended, lambda: None)
        if isinstance(result, Exception):
            raise failed(result)
        return result

    def rewind(self, as_of_s: int, *, forget_cached: bool) -> None:
        """Know what was known at a time. Raises Refusal 409 while anything is served."""
        try:
            with self.inbox.at_rest():
                if forget_cached and self.built.cache is not None:
                    self.built.cache.clear()
                self.built.recommender.rewind(as_of_s)
        except QueueBusy as error:
            raise Refusal(409, "busy", "requests are being served. Next: rewind between them") from error

    def describe(self) -> dict[str, Any]:
        """What is served: encoder, ranker, re-ranker."""
        parts = self.built.recommender.parts
        return {
            "encoder": asdict(self.built.encoded.encoder.info),
            "ranker": parts.ranker.describe(),
            "reranker": parts.reranker.describe() if parts.reranker else {},
            "candidates": self.built.recommender.n_handed_over,
            "workers": len(self.built.crew),
        }

    def _work(self, member: Member) -> None:
        self._mine.encoder = member.recommender.parts.encoder
        member.serving.serve(self.inbox, member.recommender, self.inbox.tracer)

    async def _in_time(self, ended: asyncio.Future[T], give_up: Callable[[], None]) -> T:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await ended
        except TimeoutError as error:
            give_up()
            raise out_of_time(self._limits.answer_s) from error


def _resolve(future: asyncio.Future[T], result: T) -> None:
    """In the loop's thread; whoever waited may have given up."""
    if not future.done():
        future.set_result(result)
