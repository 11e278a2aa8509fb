"""Measured points that the simulation was not fed, and how far it was off there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.capacity.probe_result import ProbeResult, finite_or_word
from bench.analysis.plan.prediction import Predicted

TRUSTED_ERROR = 0.15
"""Of the predicted percentile: with more, the plan is told to be an order of magnitude."""
CLAIMED_BELOW = 0.8
"""Share of the capacity: below it errors are stated together; nearer to it a queue's tail is steep, and each share
stands by itself."""


@dataclass(frozen=True, slots=True)
class HeldOutPoint:
    """share: of the predicted capacity of one replica. measured: as `capacity` judges a probe."""

    rate_per_s: float
    share: float
    predicted: Predicted
    measured: ProbeResult

    @property
    def error(self) -> float:
        """Of the percentile: predicted ÷ measured − 1."""
        return self.predicted.tail_ms.point / self.measured.tail.point - 1.0

    @property
    def p50_error(self) -> float:
        """Of the median."""
        return self.predicted.p50_ms.point / self.measured.p50_ms - 1.0

    @property
    def is_off(self) -> bool:
        """Whether it is a point at which the prediction is not to be trusted."""
        return abs(self.error) > TRUSTED_ERROR or self.measured.unstable

    def as_json(self) -> dict[str, Any]:
        """Plain values; what is infinite is a word."""
        tail, told = self.measured.tail, self.predicted
        values = {
            "rate_per_s": self.rate_per_s,
            "share_of_capacity": self.share,
            "requests": self.measured.counted,
            "measured_p50_ms": self.measured.p50_ms,
            "measured_tail_ms": tail.point,
            "measured_tail_low_ms": tail.low,
            "measured_tail_high_ms": tail.high,
            "predicted_p50_ms": told.p50_ms.point,
            "predicted_tail_ms": told.tail_ms.point,
            "predicted_tail_low_ms": told.tail_ms.low,
            "predicted_tail_high_ms": told.tail_ms.high,
            "error": self.error,
            "p50_error": self.p50_error,
            "unstable": self.measured.unstable,
        }
        return {name: finite_or_word(value) for name, value in values.items()}


def largest_error(points: Sequence[HeldOutPoint]) -> float:
    """The largest error without its sign; a point that was unstable when it was measured is one of 100 % at least."""
    return max(max(abs(point.error), float(point.measured.unstable)) for point in points)
