"""The next request when the last is done: the unloaded latency."""

from __future__ import annotations

from typing import ClassVar

from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.closed import SequentialInbox, StreamInbox
from bench.traffic.inbox import Stamps, WaitingInbox
from recsys.serving.protocols import Clock


@LOADS.register("single_stream")
class SingleStreamLoad:
    """One request in the system at any time."""

    open_loop: ClassVar[bool] = False
    has_latency: ClassVar[bool] = True
    KEYS: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def check(table: LoadTable) -> None:
        """Nothing to set."""

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now."""
        kind = SequentialInbox if offer.workers == 1 else StreamInbox
        return kind(offer.requests, clock, stamps)
