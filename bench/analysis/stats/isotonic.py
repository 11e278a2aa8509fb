"""A rising fit through values at positions, repeated ones together, and where it reaches a level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from bench.analysis.stats.samples import Samples, as_finite


@dataclass(frozen=True)
class Replicates:
    """Where values stand, equal positions taken together: the part of a fit that is the same for every draw of values.

    positions float64 [m], rising, no two equal. weights float64 [m]: of all values there. members float64 [n, m]: the
    weight of each of the n values at its position, 0 elsewhere. places int [n]: which position each value stands at.
    """

    positions: Samples
    weights: Samples
    members: npt.NDArray[np.float64]
    places: npt.NDArray[np.intp]

    @classmethod
    def of(cls, positions: npt.ArrayLike, weights: npt.ArrayLike) -> Replicates:
        """Raise ValueError without positions, for one that is not finite, and for a weight that is not positive."""
        where, heavy = as_finite(positions), as_finite(weights)
        if where.size == 0 or where.size != heavy.size or not (heavy > 0.0).all():
            raise ValueError(
                f"{where.size} positions with {heavy.size} weights; a fit takes one position at least, and a positive "
                "weight for each"
            )
        distinct, places = np.unique(where, return_inverse=True)
        members = np.zeros((where.size, distinct.size))
        members[np.arange(where.size), places] = heavy
        return cls(distinct, members.sum(axis=0), members, places)

    def means(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Weighted means at each position, float64 [..., m], of values [..., n]."""
        return np.asarray(np.asarray(values, np.float64) @ self.members / self.weights)

    def fit(self, means: Samples) -> RisingFit:
        """Return the rising function nearest to these means [m], by weighted least squares.

        Neighbours that fall are pooled until none does (pool adjacent violators: Ayer et al., Annals of Mathematical
        Statistics 26, 1955; Barlow et al., Statistical Inference under Order Restrictions, 1972).
        """
        pooled = optimize.isotonic_regression(means, weights=self.weights)
        starts, ends = pooled.blocks[:-1], pooled.blocks[1:]
        moments = np.add.reduceat(self.weights * self.positions, starts)
        return RisingFit(
            lows=self.positions[starts],
            centres=moments / np.add.reduceat(self.weights, starts),
            highs=self.positions[ends - 1],
            values=pooled.x[starts],
            fitted=pooled.x[self.places],
        )


@dataclass(frozen=True, slots=True)
class RisingFit:
    """A rising step function, of b steps.

    lows, centres, highs [b]: first, weighted mean and last position of each step; values [b]: its value, rising.
    fitted [n]: the step's value for each of the values it was made from.
    """

    lows: Samples
    centres: Samples
    highs: Samples
    values: Samples
    fitted: Samples

    def share_crossing(self, share: float, far: float) -> float:
        """Return the position at which a fit of shares (0 … 1) reaches `share`; -inf and inf where it lies outside.

        Between two steps log-odds are taken as linear, which for the share of a tail is nearly so in the logarithm of a
        load. far: a step whose value is so many times under or over the share is flat because it is far away, so the
        crossing is looked for beyond its edge; a nearer one is pooled from what scatters around it and stands at its
        centre. share / far is added to shares and their complements, since 0 has no log-odds.
        """
        if self.values[0] > share:
            return -math.inf
        if self.values[-1] <= share:
            return math.inf
        above = int(np.searchsorted(self.values, share, side="right"))
        under, over = float(self.values[above - 1]), float(self.values[above])
        left = float((self.highs if under * far < share else self.centres)[above - 1])
        right = float((self.lows if over > share * far else self.centres)[above])
        low, wanted, high = (_log_odds(value, share / far) for value in (under, share, over))
        return left + (right - left) * (wanted - low) / (high - low)


def _log_odds(share: float, floor: float) -> float:
    return math.log((share + floor) / (1.0 - share + floor))
