"""Clients that wait for their answer before they ask again: a closed loop, which never shows a latency under load."""

from __future__ import annotations

from typing import ClassVar

from bench.clock import NS_PER_MS
from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.closed import ClosedInbox
from bench.traffic.inbox import Stamps, WaitingInbox
from recsys.serving.protocols import Clock


@LOADS.register("closed")
class ClosedLoad:
    """A slow answer delays the questions that would have met it, so its percentiles are too good for an open world."""

    open_loop: ClassVar[bool] = False
    has_latency: ClassVar[bool] = True
    KEYS: ClassVar[tuple[str, ...]] = ("clients", "think_ms")

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError without clients."""
        if table.clients is None:
            raise ConfigError("clients is missing. Next: for example clients = 16, think_ms = 200")

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now."""
        think_ns = round((offer.table.think_ms or 0.0) * NS_PER_MS)
        return ClosedInbox(offer.requests, clock, stamps, offer.table.clients or 1, think_ns)
