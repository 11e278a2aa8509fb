"""Whether two measurements of the same thing agree, each with its own interval."""

from __future__ import annotations

import math

from bench.analysis.stats.samples import Interval


def joint_interval(one: Interval, other: Interval) -> Interval:
    """Return the point of `one` with bounds that `other.point` lies within as often as the intervals' level says.

    For independent measurements: the reaches of the two towards each other are added as squares (MOVER: Zou & Donner,
    Statistics in Medicine 2008). The bounds contain other.point exactly when the interval of the difference contains 0.
    Intervals may be uneven; a bound that does not exist stays infinite.
    """
    below = math.hypot(one.point - one.low, other.high - other.point)
    above = math.hypot(one.high - one.point, other.point - other.low)
    return Interval(one.point - below, one.point, one.point + above)
