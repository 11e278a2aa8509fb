"""Frozen arrival schedules: int64 ns from the start of a block, drawn before the run and named by their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.scenario import LoadPoint
from bench.traffic.arrivals import ARRIVALS
from bench.traffic.seeds import stream
from recsys.options import parse_options


@dataclass(frozen=True)
class Schedule:
    """When the requests of one block are due. intended_ns int64 [n], rising, from the block's start."""

    intended_ns: npt.NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Hash of the times, little-endian."""
        return hashlib.sha256(self.intended_ns.astype("<i8").tobytes()).hexdigest()


def draw_schedule(seed: int, point: LoadPoint, block: int, n: int) -> Schedule:
    """The schedule of one load point and block, the same for every arm. Raises ValueError for a load without a rate."""
    arrivals, rate_per_s = point.table.arrivals, point.offered_per_s
    if arrivals is None or rate_per_s is None:
        raise ValueError(f"load {point.name} has no arrivals to schedule")
    process = ARRIVALS.get(arrivals.kind)
    options = parse_options(process.Options, arrivals.options, f'arrivals "{arrivals.kind}"')
    generator = stream(seed, "arrivals", point.name, rate_per_s, block)
    return Schedule(process(options).intended_ns(n, rate_per_s, generator))
