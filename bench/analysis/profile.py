"""What a profiler saw of an arm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hotspot:
    """One function. own_s: without what it calls; with_callees_s: with it."""

    function: str
    calls: int
    own_s: float
    with_callees_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """An arm's requests under the profiler. hotspots: the functions with the most time of their own first."""

    label: str
    requests: int
    total_s: float
    hotspots: tuple[Hotspot, ...]
