"""What a plan may take: how long it measures, and how much of a replica it counts on."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analysis.plan.fleet import PLANNED_SHARE


@dataclass(frozen=True, slots=True)
class Budget:
    """point_s: length of a measured point. share: of a replica's capacity that is planned for, and measured too."""

    point_s: float = 60.0
    share: float = PLANNED_SHARE
