"""Frozen arrival schedules: int64 ns from the start of a block, drawn before the run and named by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.scenario import LoadPoint
from bench.traffic.arrivals import Stretch, build_arrivals
from bench.traffic.seeds import stream


@dataclass(frozen=True)
class Schedule:
    """When the requests of one block are due. intended_ns int64 [n], rising, from the block's start."""

    intended_ns: npt.NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Hash of the times, little-endian."""
        return hashlib.sha256(self.intended_ns.astype("<i8").tobytes()).hexdigest()


def draw_schedule(
    seed: int, point: LoadPoint, block: int, n: int, *, before: int, data_dirs: Sequence[Path] = ()
) -> Schedule:
    """The schedule of n requests of one load point and block, the same for every arm.

    before: requests of the same load point in earlier blocks. data_dirs: where a recording is looked up. Raises
    ValueError for a load without a rate, DataError for a recording that cannot be used, ConfigError for one that is too
    short.
    """
    arrivals, rate_per_s = point.table.arrivals, point.offered_per_s
    if arrivals is None or rate_per_s is None:
        raise ValueError(f"load {point.name} has no arrivals to schedule")
    generator = stream(seed, "arrivals", point.name, rate_per_s, block)
    stretch = Stretch(n, rate_per_s, generator, before, data_dirs)
    return Schedule(build_arrivals(arrivals).intended_ns(stretch))
