"""Queries of several requests at once, the next when the last is done: what batching makes of an unloaded system."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.closed import StreamInbox
from bench.traffic.inbox import Stamps, WaitingInbox
from recsys.serving.protocols import Clock


@LOADS.register("multi_stream")
class MultiStreamLoad:
    """So many requests in the system at a time, all due together; response times are those of the requests.

    MLPerf states the time of a query, which is that of its slowest request.
    """

    open_loop: ClassVar[bool] = False
    has_latency: ClassVar[bool] = True
    KEYS: ClassVar[tuple[str, ...]] = ("requests_per_query",)

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError without the size of a query."""
        if table.requests_per_query is None:
            raise ConfigError("requests_per_query is missing. Next: for example requests_per_query = 8, as MLPerf has")

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now."""
        return StreamInbox(offer.requests, clock, stamps, offer.table.requests_per_query or 1)
