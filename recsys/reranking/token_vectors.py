"""The token vectors of all items, end to end, and how two texts are compared by such vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recsys.types import Positions

TokenVectors = npt.NDArray[np.floating]
"""[tokens, dim], rows of norm 1."""


def max_sim(user: TokenVectors, items: TokenVectors, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Mean over the user's tokens of the largest cosine with a token of the item, float32 [n].

    MaxSim of ColBERT (Khattab & Zaharia 2020, arXiv 2004.12832), whose sum is a mean here, so that users with texts of
    unequal length have scores of one scale. user [m, dim]; items [sum of lengths, dim]: of n items, end to end;
    lengths int64 [n]. A text without tokens scores 0.
    """
    scores = np.zeros(len(lengths), np.float32)
    told = np.flatnonzero(lengths)
    if len(user) and len(told):
        cosines = items @ user.T
        starts = np.concatenate([[0], np.cumsum(lengths[told])[:-1]])
        scores[told] = np.maximum.reduceat(cosines, starts, axis=0).mean(axis=1)
    return scores


class ItemTokens:
    """Ragged token vectors by position. Those that were put lie apart from those that it was built with."""

    def __init__(self, vectors: TokenVectors, lengths: npt.NDArray[np.int64]) -> None:
        """Hold vectors [tokens, dim] of all items, end to end. lengths int64 [n_items]."""
        self._vectors = vectors
        self._ends = np.concatenate([[0], np.cumsum(lengths)])
        self._put: dict[int, TokenVectors] = {}

    @property
    def n_tokens(self) -> int:
        """Token vectors that it was built with."""
        return len(self._vectors)

    @property
    def nbytes(self) -> int:
        """Bytes of the vectors that it was built with."""
        return self._vectors.nbytes

    def put(self, positions: Positions, vectors: Sequence[TokenVectors]) -> None:
        """Replace the vectors of these items; where a position stands twice, the later ones count."""
        self._put |= dict(zip(positions.tolist(), vectors, strict=True))

    def rewind(self) -> None:
        """Hold the vectors that it was built with."""
        self._put.clear()

    def at(self, positions: Positions) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Vectors of these items end to end, float32 [tokens, dim], and how many each has, int64 [n]."""
        parts = [self._of(position) for position in positions.tolist()]
        lengths = np.array([len(part) for part in parts], np.int64)
        return np.concatenate([self._vectors[:0], *parts], dtype=np.float32), lengths

    def _of(self, position: int) -> TokenVectors:
        put = self._put.get(position)
        return self._vectors[self._ends[position] : self._ends[position + 1]] if put is None else put
