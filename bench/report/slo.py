"""Whether an arm meets the scenario's limit on p99 at a load point."""

from __future__ import annotations

import math

from bench.report.cells import Values, number


def meets_slo(values: Values, slo_ms: float) -> bool | None:
    """Whether a summary row's p99 is within slo_ms (ms); None where too few requests owe a p99.

    A saturated load point never meets it, whatever its p99: the queue would grow past any limit in a longer run.
    """
    if number(values, "saturated") == 1:
        return False
    p99_ms = number(values, "p99_ms")
    return None if math.isnan(p99_ms) else p99_ms <= slo_ms
