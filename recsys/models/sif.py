"""Smooth inverse frequency (Arora, Liang & Ma 2017): a text as a weighted sum of token vectors, less what all share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.types import TokenIds

Float32 = npt.NDArray[np.float32]

NOTHING_LEFT = 1e-4
"""Share of a text's length below which what the common part leaves is rounding, not a direction."""


@dataclass(frozen=True, slots=True)
class SifWeights:
    """What was learnt of a corpus: of_token float32 [vocabulary], weights; common float32 [m, dim], orthonormal."""

    of_token: Float32
    common: Float32

    @classmethod
    def equal(cls, table: Float32) -> SifWeights:
        """Nothing learnt: every token weighs 1 and nothing is taken away."""
        return cls(np.ones(len(table), np.float32), np.zeros((0, table.shape[1]), np.float32))

    @classmethod
    def of(cls, batch: TokenIds, table: Float32, smoothing: float, components: int) -> SifWeights:
        """Weights a / (a + p), p a token's share of the corpus; the `components` first directions of its texts.

        smoothing: a, 1e-4 to 1e-3 in the paper. A token that the corpus lacks weighs 1. The directions are the first
        right singular vectors of the texts' vectors, which are not centred.
        """
        counts = np.bincount(batch.ids, minlength=len(table)).astype(np.float64)
        share = counts / max(counts.sum(), 1.0)
        of_token = (smoothing / (smoothing + share)).astype(np.float32)
        means = weighted_sums(batch, table, of_token).astype(np.float64)
        means /= np.maximum(batch.n_tokens, 1)[:, None]
        _, directions = np.linalg.eigh(means.T @ means)  # rising: the last columns are the first directions
        return cls(of_token, directions[:, ::-1][:, :components].T.astype(np.float32))

    def vectors(self, batch: TokenIds, table: Float32) -> Float32:
        """Unit vectors float32 [n, dim]; 0 where a text has no token, or nothing beside what all texts share."""
        sums = weighted_sums(batch, table, self.of_token)
        rest = sums - (sums @ self.common.T) @ self.common
        norms = np.linalg.norm(rest, axis=1, keepdims=True)
        known = norms > NOTHING_LEFT * np.linalg.norm(sums, axis=1, keepdims=True)
        vectors: Float32 = np.where(known, rest / np.where(known, norms, 1), 0).astype(np.float32, copy=False)
        return vectors


def weighted_sums(batch: TokenIds, table: Float32, of_token: Float32) -> Float32:
    """Σ weight · vector over the tokens of each text, float32 [n, dim]."""
    shape = (len(batch), len(table))
    weights = scipy.sparse.csr_array((of_token[batch.ids], batch.ids, batch.offsets), shape=shape)
    sums: Float32 = weights @ table
    return sums
