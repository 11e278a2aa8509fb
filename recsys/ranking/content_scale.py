"""Mean and standard deviation of a user's text scores over a catalogue, without scoring every item where that costs.

A score is a dot product s = v · u, so over the items mean(s) = mean(v) · u and var(s) = u · C u with C the covariance
of the item vectors: O(dim²) a user instead of O(items · dim). Sparse vectors have no small C; the postings of the
user's own terms are read instead, which costs what their search costs.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.index.segments import Postings
from recsys.types import Vectors


class ContentScale(Protocol):
    """How a user's text scores are spread over the items it was made of."""

    def of(self, user: Any) -> tuple[float, float]:
        """Mean and standard deviation (ddof 0) of the scores of one user vector [1, dim]."""


def content_scale(vectors: Vectors) -> ContentScale:
    """The scale over these item vectors [n, dim], n ≥ 1."""
    return _SparseScale(vectors) if isinstance(vectors, scipy.sparse.csr_array) else _DenseScale(vectors)


class _DenseScale:
    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        mean = vectors.mean(axis=0, dtype=np.float64)
        centred = vectors - mean
        self._mean = mean.astype(np.float32)
        self._covariance = (centred.T @ centred / len(vectors)).astype(np.float32)

    def of(self, user: npt.NDArray[np.float32]) -> tuple[float, float]:
        vector = user[0]
        return float(self._mean @ vector), float(np.sqrt(max(vector @ self._covariance @ vector, 0.0)))


class _SparseScale:
    def __init__(self, vectors: scipy.sparse.csr_array) -> None:
        self._postings = Postings.of(vectors)

    def of(self, user: scipy.sparse.csr_array) -> tuple[float, float]:
        scores = self._postings.scores(user.indices, user.data)
        return float(scores.mean()), float(scores.std())
