"""What one probe at one rate shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bench.analysis.stats.samples import Interval


class Verdict(Enum):
    """Whether the limit is kept at a rate. UNRESOLVED: the percentile's interval holds the limit."""

    PASS = "pass"
    FAIL = "fail"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe: a fresh schedule at one rate, served until nothing waits.

    seed: names its random stream. requests: served; counted: of them, those that ask for a list, without the first
    fifth. achieved_per_s: answers from first arrival to last answer. tail: the limit's percentile in ms with its
    interval, +inf where too many requests failed. share_over: of counted requests over the limit. effective_n:
    independent requests that the counted ones are worth. growth_ms: by how much response times rose over the probe.
    unstable: it fell behind or was still rising, so that a longer probe would leave any limit. lasted_s: of load.
    """

    rate_per_s: float
    seed: int
    requests: int
    counted: int
    achieved_per_s: float
    p50_ms: float
    tail: Interval
    share_over: float
    effective_n: float
    growth_ms: float
    unstable: bool
    verdict: Verdict
    reason: str
    lasted_s: float

    def keeps(self, share_over: float) -> bool:
        """Whether the limit was kept as measured, chance left aside. share_over: that may be over the limit."""
        return not self.unstable and self.share_over <= share_over

    def as_row(self, tail: str) -> dict[str, Any]:
        """The probe for a table; a bound or value that is infinite stays so. tail: the percentile's name, "p99"."""
        return {
            "rate_per_s": self.rate_per_s,
            "seed": self.seed,
            "requests": self.requests,
            "counted": self.counted,
            "achieved_per_s": self.achieved_per_s,
            "p50_ms": self.p50_ms,
            f"{tail}_ms": self.tail.point,
            f"{tail}_low_ms": self.tail.low,
            f"{tail}_high_ms": self.tail.high,
            "share_over": self.share_over,
            "effective_n": self.effective_n,
            "growth_ms": self.growth_ms,
            "unstable": self.unstable,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "lasted_s": self.lasted_s,
        }


def finite_or_word(value: Any) -> Any:
    """The value, or "inf", "-inf" and None for what JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
