"""Open loop on a frozen schedule: the latency under load, counted from the intended time."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.inbox import ScheduledInbox, Stamps
from recsys.serving.protocols import Clock, Inbox


@LOADS.register("server")
class ServerLoad:
    """Requests come at their times, whatever the system does."""

    open_loop: ClassVar[bool] = True
    has_latency: ClassVar[bool] = True

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError without arrivals or rates."""
        if table.arrivals is None:
            raise ConfigError('arrivals is missing. Next: for example arrivals = { kind = "poisson" }')
        if not table.rates_per_s:
            raise ConfigError("rates_per_s is missing or empty. Next: for example rates_per_s = [10, 20]")

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> Inbox:
        """An inbox whose time starts now. Raises ValueError without a schedule."""
        if offer.intended_ns is None:
            raise ValueError("a server load needs a schedule")
        return ScheduledInbox(offer.requests, offer.intended_ns, clock, stamps, offer.timeout_ns)
