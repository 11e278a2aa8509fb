"""Whether restarts of a process change what it measures, beyond what its blocks vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bench.analysis.stats.samples import as_finite


@dataclass(frozen=True, slots=True)
class RestartSpread:
    """ratio: largest geometric mean of a process over the smallest, ≥ 1. p_value: of that under equal processes."""

    ratio: float
    p_value: float


def restart_spread(processes: Sequence[npt.ArrayLike]) -> RestartSpread | None:
    """Return how far processes differ: positive values, one a block, for each process; None where it cannot be told.

    One-way analysis of variance of the logarithms: the p value is that of the F test between processes. Telling takes
    two processes, and one of them with two blocks.
    """
    logs = [np.log(as_finite(values)) for values in processes]
    n = sum(values.size for values in logs)
    if len(logs) < 2 or n <= len(logs):
        return None
    means = [float(values.mean()) for values in logs]
    ratio = float(np.exp(max(means) - min(means)))
    within = sum(float(((values - mean) ** 2).sum()) for values, mean in zip(logs, means, strict=True))
    grand = sum(float(values.sum()) for values in logs) / n
    between = sum(values.size * (mean - grand) ** 2 for values, mean in zip(logs, means, strict=True))
    freedom = len(logs) - 1, n - len(logs)
    if within == 0.0:
        return RestartSpread(ratio, 1.0 if between == 0.0 else 0.0)
    return RestartSpread(ratio, float(stats.f.sf(between / freedom[0] / (within / freedom[1]), *freedom)))
