"""Arrival processes: one file each, a class with `Options` and `intended_ns(n, rate_per_s, generator)`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recsys.registry import Registry


class ArrivalProcess(Protocol):
    """Draws when requests are due."""

    def intended_ns(self, n: int, rate_per_s: float, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """So many rising times in ns from the start, at this mean rate."""


ARRIVALS: Registry[Any] = Registry("bench.traffic.arrivals", "arrivals")

__all__ = ["ARRIVALS", "ArrivalProcess"]
