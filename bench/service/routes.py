"""The routes of the service: each reads a body, asks the engine and says in Server-Timing what its stages took."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.clock import MonotonicClock
from bench.service import embeddings
from bench.service.bodies import EmbeddingsBody, FeedbackBody, ItemBody, RecommendBody, RewindBody, read_body
from bench.service.counts import Counts
from bench.service.engine import Engine
from bench.service.limits import ServiceLimits
from bench.service.refusals import Refusal, failed, not_found
from bench.service.world import World
from recsys.serving.server_timing import format_server_timing
from recsys.serving.tickets import Ticket
from recsys.types import Request as Asked

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Answer = tuple[bytes, dict[str, str]]
"""The body and its own headers."""


@dataclass(frozen=True)
class Served:
    """What is served: the identity that /health tells, the names of /v1/embeddings' model, and whether it rewinds."""

    identity: dict[str, Any]
    models: tuple[str, ...]
    rewinds: bool


class Routes:
    """The endpoints, by path."""

    def __init__(self, engine: Engine, world: World, limits: ServiceLimits, served: Served) -> None:
        self._engine = engine
        self._world = world
        self._limits = limits
        self._served = served
        self._clock = MonotonicClock()
        self._counts = Counts(engine)

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Path, method, endpoint."""
        posts = {
            "/recommend": self._recommend,
            "/feedback": self._feedback,
            "/items": self._items,
            "/v1/embeddings": self._embeddings,
        }
        if self._served.rewinds:
            posts["/rewind"] = self._rewind
        gets = {"/health": self._health, "/metrics": self._metrics}
        routes = [(path, "POST", self._answering(path, work)) for path, work in posts.items()]
        return routes + [(path, "GET", self._answering(path, work)) for path, work in gets.items()]

    async def _recommend(self, request: Request) -> Answer:
        began_ns = self._clock.now_ns()
        body = await read_body(request, RecommendBody, self._limits)
        ticket = await self._engine.ask(self._world.for_a_list(body))
        answer = ticket.answer
        if answer is None:
            raise ValueError("a request for a list was answered without one")
        scored = zip(answer.item_ids[: body.k], answer.scores[: body.k], strict=True)
        items = [{"id": item_id, "score": score} for item_id, score in scored]
        return self._timed({"items": items}, ticket, began_ns)

    async def _feedback(self, request: Request) -> Answer:
        began_ns = self._clock.now_ns()
        body = await read_body(request, FeedbackBody, self._limits)
        return await self._applied(self._world.of_an_event(body), began_ns)

    async def _items(self, request: Request) -> Answer:
        began_ns = self._clock.now_ns()
        body = await read_body(request, ItemBody, self._limits)
        return await self._applied(self._world.of_an_item(body), began_ns)

    async def _applied(self, asked: Asked, began_ns: int) -> Answer:
        return self._timed({"applied": True}, await self._engine.ask(asked), began_ns)

    async def _embeddings(self, request: Request) -> Answer:
        body = await read_body(request, EmbeddingsBody, self._limits)
        info = self._engine.built.encoded.encoder.info
        embeddings.check(body, info, self._served.models, self._limits)
        encoded = await self._engine.with_encoder(embeddings.encoding(body.texts))
        return _json(embeddings.content(body, encoded)), {}

    async def _rewind(self, request: Request) -> Answer:
        body = await read_body(request, RewindBody, self._limits)
        now_s = self._world.end_s if body.timestamp is None else body.timestamp
        self._engine.rewind(now_s, forget_cached=body.forget_cached)
        self._world.now_s = now_s
        return _json({"now": now_s}), {}

    async def _health(self, request: Request) -> Answer:
        if not self._engine.is_alive:
            raise Refusal(500, "broken", "a worker has ended")
        waiting = {"waiting": self._engine.inbox.waiting, "in_flight": self._engine.inbox.in_flight}
        return _json({"status": "ok", **waiting, **self._served.identity}), {}

    async def _metrics(self, request: Request) -> Answer:
        page, media_type = self._counts.page()
        return page, {"Content-Type": media_type}

    def _timed(self, content: dict[str, Any], ticket: Ticket, began_ns: int) -> Answer:
        """parse: from the request's head to the queue. serialise: from the worker's last mark to the body's bytes."""
        body = _json(content)
        stages_ns = ticket.lengths_ns()
        self._counts.passed(stages_ns, ticket.tokens)
        serialise_ns = self._clock.now_ns() - ticket.ended_ns
        timing = {"parse": ticket.arrived_ns - began_ns, **stages_ns, "serialise": serialise_ns}
        return body, {"Server-Timing": format_server_timing(timing), "X-Tokens": str(ticket.tokens)}

    def _answering(
        self, path: str, work: Callable[[Request], Awaitable[Answer]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a route: its answer or its refusal, counted."""
        from starlette.requests import ClientDisconnect
        from starlette.responses import Response

        async def endpoint(request: Request) -> Response:
            began_ns = self._clock.now_ns()
            try:
                body, headers = await work(request)
                status = 200
            except Refusal as refusal:
                body, headers, status = refusal.content(), dict(refusal.headers), refusal.status
            except ClientDisconnect:
                body, headers, status = b"", {}, 499  # nobody reads it; it is counted
            except Exception as error:  # noqa: BLE001 whatever one request raises, the next must be served
                broken = failed(error)
                body, headers, status = broken.content(), {}, broken.status
            self._counts.answered(path, status, self._clock.now_ns() - began_ns)
            return Response(body, status, headers, None if "Content-Type" in headers else "application/json")

        return endpoint

    async def unknown(self, request: Request, error: Exception) -> Response:
        """404 and 405 in the service's own words."""
        from starlette.responses import Response

        paths = ", ".join(f"{method} {path}" for path, method, _ in self.table())
        refusal = not_found("unknown_route", f"no such route. Known: {paths}")
        status = getattr(error, "status_code", refusal.status)
        return Response(refusal.content(), status, media_type="application/json")


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
