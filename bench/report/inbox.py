"""How the instrument waited for requests: what a reader must know of latencies near its own precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.quantities import quantity


def inbox_facts(run: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(arm's label, how its inbox waited) for every arm that was measured; one entry where all waited alike."""
    told = {arm["label"]: _waited(arm["waiting"]) for arm in run["arms"] if arm.get("waiting")}
    words = set(told.values())
    return (("all arms", words.pop()),) if len(words) == 1 else tuple(told.items())


def _waited(restarts: list[Mapping[str, Any]]) -> str:
    """Over the restarts of an arm: "asleep, then spinning for up to 83.0 µs"."""
    longest_us = max(restart["spin_us"] for restart in restarts)
    asleep = sorted({restart["why"] for restart in restarts if not restart["spin_us"]})
    spun = [f"asleep, then spinning for up to {quantity(longest_us, 'µs')}"] if longest_us else []
    return "; ".join([*spun, *asleep])
