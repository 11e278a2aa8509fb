"""Open loop on a frozen schedule: the latency under load, counted from the intended time."""

from __future__ import annotations

from typing import ClassVar

from bench.clock import NS_PER_MS
from bench.errors import ConfigError
from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.arrivals import build_arrivals
from bench.traffic.inbox import Stamps, WaitingInbox
from bench.traffic.rates import missing_rates
from bench.traffic.scheduled import Limits, ScheduledInbox
from recsys.serving.protocols import Clock


@LOADS.register("server")
class ServerLoad:
    """Requests come at their times, whatever the system does."""

    open_loop: ClassVar[bool] = True
    has_latency: ClassVar[bool] = True
    KEYS: ClassVar[tuple[str, ...]] = ("arrivals", "rates_per_s", "time_scale", "timeout_ms", "queue_limit")

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError without arrivals, and for a rate that nothing or more than one key gives."""
        if table.arrivals is None:
            raise ConfigError('arrivals is missing. Next: for example arrivals = { kind = "poisson" }')
        if table.rates_per_s and table.time_scale != 1:
            raise ConfigError("rates_per_s says how fast it is, and so does time_scale. Next: remove one of them")
        if not table.rates_per_s and not build_arrivals(table.arrivals).has_natural_rate:
            raise ConfigError(missing_rates(table.arrivals.kind))

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now. Raises ValueError without a schedule."""
        if offer.intended_ns is None:
            raise ValueError("a server load needs a schedule")
        timeout_ms = offer.table.timeout_ms
        limits = Limits(None if timeout_ms is None else round(timeout_ms * NS_PER_MS), offer.table.queue_limit)
        return ScheduledInbox(offer.requests, offer.intended_ns, clock, stamps, limits, offer.start_ns)
