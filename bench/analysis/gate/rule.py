"""The rule of the gate: from an interval of a ratio to a verdict, and from two stages to one."""

from __future__ import annotations

import math
from enum import StrEnum

from bench.analysis.stats.samples import Interval


class GateVerdict(StrEnum):
    """What is said of one metric of one arm."""

    REGRESSED = "REGRESSED"
    IMPROVED = "IMPROVED"
    UNCHANGED = "UNCHANGED"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def wants_confirmation(self) -> bool:
        """Whether a fresh start must say the same: what a start fixes is constant in all its blocks."""
        return self in (GateVerdict.REGRESSED, GateVerdict.IMPROVED)


def judge(log_ratio: Interval, least_ratio: float) -> GateVerdict:
    """One stage's verdict. log_ratio: of ln(head / base); least_ratio: the smallest change that counts, above 1.

    REGRESSED: the interval lies above 0 and the ratio reaches the least; IMPROVED is its mirror image. UNCHANGED: the
    whole interval lies within the least ratio to both sides, which claims equality and is no mere lack of proof.
    """
    margin = math.log(least_ratio)
    if log_ratio.low > 0 and log_ratio.point >= margin:
        return GateVerdict.REGRESSED
    if log_ratio.high < 0 and log_ratio.point <= -margin:
        return GateVerdict.IMPROVED
    if -margin < log_ratio.low and log_ratio.high < margin:
        return GateVerdict.UNCHANGED
    return GateVerdict.INCONCLUSIVE


def confirmed(first: GateVerdict, second: GateVerdict) -> GateVerdict:
    """Both stages together: a change that the second does not repeat is none that can be told."""
    return first if first is second or not first.wants_confirmation else GateVerdict.INCONCLUSIVE
