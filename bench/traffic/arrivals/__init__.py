"""Arrival processes: one file each, a class with `Options` that draws when the requests of a block are due.

A process is built from its options. One that has a mean rate by itself, such as a recording, is scaled in time to the
rate that the load asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S
from bench.scenario import PluginTable
from recsys.options import parse_options
from recsys.registry import Registry


@dataclass(frozen=True, slots=True)
class Stretch:
    """The arrivals of one block of a load point.

    n: how many. rate_per_s: their mean rate. before: arrivals of the same load point in the blocks before this one; a
    process with a course, such as a recording, goes on where they ended. data_dirs: where relative paths are looked up.
    """

    n: int
    rate_per_s: float
    generator: np.random.Generator
    before: int = 0
    data_dirs: Sequence[Path] = ()


class ArrivalProcess(Protocol):
    """Draws when requests are due. Built from an instance of its class's `Options`."""

    @property
    def has_natural_rate(self) -> bool:
        """Whether it has a mean rate by itself; known from its options, no file is read."""

    def natural_rate_per_s(self, data_dirs: Sequence[Path]) -> float | None:
        """The mean rate it has by itself, None without one. Raises DataError for a file that cannot be used."""

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The times, int64 [n], never falling, in ns from the block's start.

        Raises DataError for a file that cannot be used, ConfigError for one that does not last.
        """


ARRIVALS: Registry[Any] = Registry("bench.traffic.arrivals", "arrivals")


class RateFromLoad:
    """Base of processes without a rate of their own: the load says it."""

    has_natural_rate = False

    def natural_rate_per_s(self, data_dirs: Sequence[Path]) -> None:
        """None: it runs at any rate."""


def build_arrivals(table: PluginTable) -> ArrivalProcess:
    """The process that a scenario's table names. Raises UnknownKind, MissingLibrary, BadOptions."""
    plugin = ARRIVALS.get(table.kind)
    return cast(ArrivalProcess, plugin(parse_options(plugin.Options, table.options, f'arrivals "{table.kind}"')))


def rounded_rate(rate_per_s: float) -> float:
    """To 6 significant digits: what is offered is what tables and titles print."""
    return float(f"{rate_per_s:.6g}")


def rising_ns(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Rising times in whole ns; what floating point makes of two close ones must not swap them."""
    return np.maximum.accumulate(np.rint(times_s * NS_PER_S).astype(np.int64))


__all__ = ["ARRIVALS", "ArrivalProcess", "RateFromLoad", "Stretch", "build_arrivals", "rising_ns", "rounded_rate"]
