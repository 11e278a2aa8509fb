"""What a sample may hold: finite numbers and +inf (a request that was never answered), never NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
"""float64 [n]; +inf stands for a failed, refused or timed-out request. Integer ns are exact up to 2^53 (104 days)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate between two bounds, all in the unit of the values; -inf or inf where a bound does not exist."""

    low: float
    point: float
    high: float

    def contains(self, value: float) -> bool:
        """Whether the value lies inside, bounds included."""
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        """High minus low; inf where a bound does not exist."""
        return float("inf") if np.isinf(self.low) or np.isinf(self.high) else self.high - self.low


class TooFewSamples(ValueError):
    """A statement that the number of samples cannot carry; says how many there are and how many it takes."""

    def __init__(self, statement: str, n: int, floor: int) -> None:
        super().__init__(f"{statement}: {n} samples, at least {floor} needed; measure {floor - n} more or leave it out")
        self.n = n
        self.floor = floor


class UndefinedDifference(ValueError):
    """A difference of two infinite values: more requests failed, in both arms, than the percentile leaves out."""


def as_samples(values: npt.ArrayLike) -> Samples:
    """Return the values as float64 [n]; raises ValueError for NaN, -inf or more than one dimension."""
    samples = np.asarray(values, dtype=np.float64)
    if samples.ndim != 1:
        raise ValueError(f"samples must have one dimension, not shape {samples.shape}; pass one flat array")
    if np.isnan(samples).any() or np.isneginf(samples).any():
        raise ValueError("samples hold NaN or -inf; a request without an answer is +inf, a missing value is left out")
    return samples


def as_finite(values: npt.ArrayLike) -> Samples:
    """Return the values as float64 [n]; raises ValueError for anything but finite numbers."""
    samples = as_samples(values)
    if np.isinf(samples).any():
        raise ValueError("these values must be finite, but hold +inf; leave failed requests out or score them 0 first")
    return samples


def as_sequences(sequences: Sequence[npt.ArrayLike]) -> list[Samples]:
    """Return separate sequences (blocks) as float64 arrays; raises ValueError where one is empty or there is none."""
    arrays = [as_samples(sequence) for sequence in sequences]
    if not arrays or any(array.size == 0 for array in arrays):
        raise ValueError("at least one sequence is needed and none may be empty; leave empty blocks out")
    return arrays


def require_share(name: str, share: float) -> None:
    """Raise ValueError unless the share (a quantile, a confidence) lies strictly between 0 and 1."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {share}; p99 is 0.99")
