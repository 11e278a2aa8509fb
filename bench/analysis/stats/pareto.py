"""Which arms are worth having: those that no other arm beats on cost and quality together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.samples import as_samples


def non_dominated(cost: npt.ArrayLike, quality: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return bool [n]: which points no other point dominates; lower cost and higher quality are better.

    A point dominates another when it is no worse on both and better on one, so equal points stay or go together.
    A cost of +inf is allowed (a saturated arm). Raises ValueError for NaN (leave arms without a quality out) and for
    unequal lengths.
    """
    costs, qualities = as_samples(cost), as_samples(quality)
    if costs.size != qualities.size:
        raise ValueError(f"{costs.size} costs but {qualities.size} qualities; give one of each for every point")
    keep = np.zeros(costs.size, dtype=np.bool_)
    best_cost, best_quality = np.inf, -np.inf
    for index in np.lexsort((-qualities, costs)):
        equal_to_best = costs[index] == best_cost and qualities[index] == best_quality
        if qualities[index] > best_quality or equal_to_best:
            keep[index] = True
            best_cost, best_quality = costs[index], qualities[index]
    return keep
