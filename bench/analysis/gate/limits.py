"""How large a change must be before it counts, by arm and metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.analysis.gate.samples import Metric


@dataclass(frozen=True)
class Limits:
    """ratios: the smallest ratio that counts, by metric. of_arm: for single arms; what they leave out holds for all."""

    ratios: Mapping[Metric, float]
    of_arm: Mapping[str, Mapping[Metric, float]] = field(default_factory=dict)

    def least_ratio(self, arm: str, metric: Metric) -> float:
        """Of one arm and metric."""
        return self.of_arm.get(arm, {}).get(metric, self.ratios[metric])
