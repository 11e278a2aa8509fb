"""The next request when the last is done: the unloaded latency."""

from __future__ import annotations

from typing import ClassVar

from bench.measure.loads import LOADS, Offer, refuse_schedule
from bench.scenario import LoadTable
from bench.traffic.inbox import SequentialInbox, Stamps
from recsys.serving.protocols import Clock, Inbox


@LOADS.register("single_stream")
class SingleStreamLoad:
    """One request in the system at any time."""

    open_loop: ClassVar[bool] = False
    has_latency: ClassVar[bool] = True

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError for a rate."""
        refuse_schedule(table)

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> Inbox:
        """An inbox whose time starts now."""
        return SequentialInbox(offer.requests, clock, stamps)
