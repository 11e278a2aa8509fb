"""Loads: one file each, with MLPerf's names. A load says how requests are offered and opens the inbox that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.scenario import LoadTable
from bench.traffic.inbox import Stamps, WaitingInbox
from recsys.registry import Registry
from recsys.serving.protocols import Clock
from recsys.types import Request

COMMON_KEYS = ("kind", "name", "requests")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be served in one block. intended_ns int64 [n] from the block's start, None without a schedule.

    workers: threads that share the inbox. start_ns: when a schedule starts, on the clock; None = when it is opened.
    """

    table: LoadTable
    requests: Sequence[Request]
    intended_ns: npt.NDArray[np.int64] | None = None
    workers: int = 1
    start_ns: int | None = None


class Load(Protocol):
    """A way of offering requests. open_loop: they come whatever the system does, so its queue has to settle first.

    has_latency: percentiles of its response times mean something. KEYS: those of [[load]] that it takes beside its
    kind, name and requests.
    """

    open_loop: ClassVar[bool]
    has_latency: ClassVar[bool]
    KEYS: ClassVar[tuple[str, ...]]

    @staticmethod
    def check(table: LoadTable) -> None:
        """Raise ConfigError for a key that it misses."""

    @staticmethod
    def open(offer: Offer, clock: Clock, stamps: Stamps) -> WaitingInbox:
        """An inbox whose time starts now."""


LOADS: Registry[type[Load]] = Registry("bench.measure.loads", "load")


def check_load(table: LoadTable) -> None:
    """Raise ConfigError for keys that its kind misses or has no use for, UnknownKind for one that does not exist."""
    load = LOADS.get(table.kind)
    known = (*COMMON_KEYS, *load.KEYS)
    for key in sorted(table.model_fields_set):
        if key not in known:
            raise ConfigError(
                f'{key} has no meaning for kind "{table.kind}". Known: {", ".join(known)}. Next: remove it'
            )
    load.check(table)


__all__ = ["LOADS", "Load", "Offer", "check_load"]
