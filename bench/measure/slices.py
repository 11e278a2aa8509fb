"""The trace cut into consecutive slices, one a load point and block, after one for warm-up; every arm serves each once.

While a slice is served the recommender knows the data before the slice's first request and the feedback within the
slice, so what it knows does not depend on the order of blocks or on the process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.measure.loads import LOADS
from bench.scenario import LoadPoint, Scenario

SETTLING_SHARE = 0.2
"""Largest share of an open-loop block that is served and not counted, while its queue settles."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the trace that every arm serves once. point None: the warm-up. low, high: rows of the trace."""

    point: LoadPoint | None
    block: int
    low: int
    high: int

    def __len__(self) -> int:
        return self.high - self.low


def counted_requests(point: LoadPoint, scenario: Scenario) -> int:
    """Requests counted in one block; those before them, if any, let the queue settle."""
    return math.ceil(point.table.requests / scenario.blocks.count)


def slice_length(point: LoadPoint, scenario: Scenario) -> int:
    """Requests served in one block: in an open loop the first fifth is for settling, the most that the method allows.

    The same stretch is left out for every arm, so that what is counted stays paired.
    """
    counted = counted_requests(point, scenario)
    if not LOADS.get(point.table.kind).open_loop:
        return counted
    return counted + math.floor(counted * SETTLING_SHARE / (1 - SETTLING_SHARE))


def cut_slices(scenario: Scenario) -> tuple[Slice, list[Slice]]:
    """The warm-up slice, and the measured ones: load point after load point, block after block."""
    end = scenario.blocks.warmup_requests
    warmup = Slice(None, 0, 0, end)
    slices = []
    for point in scenario.load_points():
        length = slice_length(point, scenario)
        for block in range(scenario.blocks.count):
            slices.append(Slice(point, block, end, end + length))
            end += length
    return warmup, slices
