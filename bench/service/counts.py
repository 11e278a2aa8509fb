"""What a service counts, for /metrics: requests by route and status, their time, their stages, and who waits."""

from __future__ import annotations

from collections.abc import Mapping

from bench.service.engine import Engine

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
NS_PER_S = 1e9


class Counts:
    """Prometheus' own client keeps them; nothing in them names a user, an item or a text."""

    def __init__(self, engine: Engine) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "llm_rec_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "llm_rec_request_seconds", "From a request's head to its answer", ["route"], buckets=BUCKETS_S,
            registry=self.registry,
        )  # fmt: skip
        self._stages = Counter("llm_rec_stage_seconds", "Time in each stage", ["stage"], registry=self.registry)
        self._tokens = Counter("llm_rec_tokens", "Tokens that the encoder computed", registry=self.registry)
        waiting = Gauge("llm_rec_waiting", "Requests that wait for a worker", registry=self.registry)
        waiting.set_function(lambda: engine.inbox.waiting)
        in_flight = Gauge("llm_rec_in_flight", "Requests that workers have in hand", registry=self.registry)
        in_flight.set_function(lambda: engine.inbox.in_flight)

    def answered(self, route: str, status: int, took_ns: int) -> None:
        """A request left, whichever way."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(took_ns / NS_PER_S)

    def passed(self, lengths_ns: Mapping[str, int], tokens: int) -> None:
        """A request passed these stages."""
        for stage, length_ns in lengths_ns.items():
            self._stages.labels(stage).inc(length_ns / NS_PER_S)
        self._tokens.inc(tokens)

    def page(self) -> tuple[bytes, str]:
        """The metrics in Prometheus' text format, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self.registry), CONTENT_TYPE_LATEST
