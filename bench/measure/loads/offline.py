"""All requests at once: the throughput. Its response times only say how long the pile was."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bench.measure.loads import LOADS, Offer
from bench.scenario import LoadTable
from bench.traffic.inbox import Stamps, WaitingInbox
from bench.traffic.scheduled import ScheduledInbox
from recsys.serving.protocols import Clock


@LOADS.register("offline")
class OfflineLoad:
    """Everything is due at the start."""

    open_loop: ClassVar[bool] = False
    has_latency: ClassVar[bool] = False
    KEYS: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def check(table: LoadTable) -> None:
        """Nothing to set."""

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now."""
        return ScheduledInbox(offer.requests, np.zeros(len(offer.requests), np.int64), clock, stamps)
