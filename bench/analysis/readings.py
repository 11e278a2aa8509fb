"""The probes' readings of a cell's blocks, put together. A reading that one of the blocks lacks is None: not measured.

The counters of a block are those of all its requests; what a kind of request took of them cannot be told from the
others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Blocks = Sequence[Mapping[str, Any]]
"""Entries of run.json's `blocks`."""


def values(blocks: Blocks, name: str) -> list[float]:
    """A reading of each block, [] unless all have it."""
    found = [block.get(name) for block in blocks]
    return [] if None in found else [float(value) for value in found if value is not None]


def total(blocks: Blocks, *names: str) -> float | None:
    """The sum of one or several readings over the blocks."""
    columns = [values(blocks, name) for name in names]
    return sum(map(sum, columns)) if all(columns) else None


def largest(blocks: Blocks, name: str) -> float | None:
    """The largest of a reading over the blocks."""
    return max(values(blocks, name), default=None)


def cpu_work_s(blocks: Blocks) -> float | None:
    """CPU seconds of all threads, without the inbox's spinning."""
    used_s, spun_s = total(blocks, "cpu_s"), total(blocks, "spin_s")
    return None if used_s is None or spun_s is None else used_s - spun_s


def gpu_busy_s(blocks: Blocks) -> float | None:
    """Seconds in which a kernel ran: the share that was sampled, of the whole block."""
    shares, wall_s = values(blocks, "gpu_busy_share"), values(blocks, "wall_s")
    return sum(share * wall for share, wall in zip(shares, wall_s, strict=True)) if shares and wall_s else None


def told(amounts: Mapping[str, float | None], times: float = 1.0) -> dict[str, object]:
    """The amounts that were measured, each so many times."""
    return {name: amount * times for name, amount in amounts.items() if amount is not None}


def per_1k(blocks: Blocks, amounts: Mapping[str, float | None]) -> dict[str, object]:
    """The amounts that were measured, for 1,000 of the blocks' requests, all kinds."""
    requests = total(blocks, "requests")
    return told(amounts, 1000 / requests) if requests else {}
