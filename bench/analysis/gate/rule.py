"""The rule of the gate: from an interval of a ratio to a verdict, and from two stages to one."""

from __future__ import annotations

from enum import StrEnum

from bench.analysis.stats.paired import exponential
from bench.analysis.stats.ratios import Change
from bench.analysis.stats.ratios import judge as change_of
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


VERDICTS = {
    Change.SLOWER: GateVerdict.REGRESSED,
    Change.FASTER: GateVerdict.IMPROVED,
    Change.ALIKE: GateVerdict.UNCHANGED,
    Change.UNTOLD: GateVerdict.INCONCLUSIVE,
}
"""The report's words for a ratio, and the gate's: one rule stands behind both."""


def judge(log_ratio: Interval, least_ratio: float) -> GateVerdict:
    """One stage's verdict. log_ratio: of ln(head / base); least_ratio: the smallest change that counts, above 1.

    REGRESSED: the interval lies above 0 and the ratio reaches the least; IMPROVED is its mirror image. UNCHANGED: the
    whole interval lies within the least ratio to both sides, which claims equality and is no mere lack of proof.
    """
    ratio = exponential(log_ratio)
    return VERDICTS[change_of(ratio.point, [ratio], least_ratio)]


def confirmed(first: GateVerdict, second: GateVerdict) -> GateVerdict:
    """Both stages together: a change that the second does not repeat is none that can be told."""
    return first if first is second or not first.wants_confirmation else GateVerdict.INCONCLUSIVE
