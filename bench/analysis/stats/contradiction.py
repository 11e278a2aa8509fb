"""Does a share really rise: two positions that contradict it by more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.analysis.stats.samples import Samples, require_share
from bench.analysis.stats.share_crossing import Shares


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The share is over the target at one position and has fallen under it at a higher one, by more than chance.

    over, under: the two positions; over is the highest of all from which it falls, under the next at which it is under.
    """

    over: float
    under: float


def contradiction(
    shares: Shares, target: float, *, dispersion: float = 1.0, level: float = 0.99
) -> Contradiction | None:
    """Return two positions whose shares contradict a rising one, None where chance explains it.

    All shares of a position count together. Each position gets an exact interval of its share (Clopper & Pearson,
    Biometrika 1934) from its effective number of values, divided by `dispersion`. A contradiction is a position whose
    whole interval lies over the target and over that of a higher position, whose share is under the target. Bonferroni
    over the positions keeps the chance of a false one under 1 - level.
    """
    require_share("target", target)
    require_share("level", level)
    positions, places = np.unique(shares.positions, return_inverse=True)
    counted = np.bincount(places, shares.counted)
    share = np.bincount(places, shares.counted * shares.shares) / counted
    size = np.maximum(np.bincount(places, shares.effective_n) / dispersion, 1.0)
    low, high = _bounds(share, size, (1.0 - level) / positions.size)
    low[places[shares.certain & (shares.shares > target)]] = 1.0
    for over in np.flatnonzero(low > target)[::-1]:
        fallen = np.flatnonzero((share <= target) & (high < low[over]))
        if (fallen > over).any():
            return Contradiction(float(positions[over]), float(positions[fallen[fallen > over][0]]))
    return None


def _bounds(share: Samples, size: Samples, tail: float) -> tuple[Samples, Samples]:
    """Return Clopper–Pearson bounds, each missing with `tail`, of shares known from `size` values."""
    over = share * size
    under = size - over
    low = np.where(over > 0.0, stats.beta.ppf(tail, np.maximum(over, 1e-12), under + 1.0), 0.0)
    high = np.where(under > 0.0, stats.beta.isf(tail, over + 1.0, np.maximum(under, 1e-12)), 1.0)
    return low, high
