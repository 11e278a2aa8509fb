"""Loads: one file each, with MLPerf's names. A load says how requests are offered and opens the inbox that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.scenario import LoadTable
from bench.traffic.inbox import Stamps
from recsys.registry import Registry
from recsys.serving.protocols import Clock, Inbox
from recsys.types import Request


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be served in one block. intended_ns int64 [n] from the block's start, None without a schedule."""

    requests: Sequence[Request]
    intended_ns: npt.NDArray[np.int64] | None
    timeout_ns: int | None


class Load(Protocol):
    """A way of offering requests. open_loop: they come whatever the system does, so its queue has to settle first.

    has_latency: percentiles of its response times mean something.
    """

    open_loop: ClassVar[bool]
    has_latency: ClassVar[bool]

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError for keys that this load misses or has no use for."""

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> Inbox:
        """An inbox whose time starts now."""


LOADS: Registry[type[Load]] = Registry("bench.measure.loads", "load")


def refuse_schedule(table: LoadTable) -> None:
    """For a load without a rate: raise ConfigError when it is given one."""
    for key in ("arrivals", "rates_per_s", "timeout_ms"):
        if getattr(table, key):
            raise ConfigError(f'{key} has no meaning for kind "{table.kind}". Next: remove it')


__all__ = ["LOADS", "Load", "Offer", "refuse_schedule"]
