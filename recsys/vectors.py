"""Arithmetic on item vectors, dense and sparse alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.types import Positions, Vectors


def weighted_means(vectors: Vectors, rows: Sequence[Positions], weights: Sequence[npt.NDArray[np.float32]]) -> Vectors:
    """One unit vector a group: the weighted sum of these rows, normalised; 0 for an empty group.

    vectors [n, dim]; rows and weights: one array a group. Returns [groups, dim], dense or sparse as the input is.
    """
    if isinstance(vectors, scipy.sparse.csr_array):
        return _sparse_means(vectors, rows, weights)
    means = np.zeros((len(rows), vectors.shape[1]), np.float32)
    for group, (positions, weight) in enumerate(zip(rows, weights, strict=True)):
        if len(positions):
            means[group] = weight @ vectors[positions]
    norms = np.sqrt(np.einsum("ij,ij->i", means, means))
    return (means / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32, copy=False)


def _sparse_means(
    vectors: scipy.sparse.csr_array, rows: Sequence[Positions], weights: Sequence[npt.NDArray[np.float32]]
) -> scipy.sparse.csr_array:
    """By hand on the csr arrays: a scipy product of two matrices costs more than all of the work at one group."""
    indptr, indices, data = vectors.indptr, vectors.indices, vectors.data
    terms, values, ends = [], [], [0]
    for positions, weight in zip(rows, weights, strict=True):
        spans = [slice(indptr[p], indptr[p + 1]) for p in positions.tolist()]
        if spans:
            raw_terms = np.concatenate([indices[span] for span in spans])
            raw_values = np.concatenate([data[span] * w for span, w in zip(spans, weight.tolist(), strict=True)])
            group_terms, place = np.unique(raw_terms, return_inverse=True)
            sums = np.bincount(place, raw_values, len(group_terms)).astype(np.float32)
            norm = np.sqrt(sums @ sums)
            terms.append(group_terms)
            values.append(sums / norm if norm > 0 else sums)
        ends.append(ends[-1] + (len(terms[-1]) if spans else 0))
    flat_terms = np.concatenate(terms) if terms else np.zeros(0, indices.dtype)
    flat_values = np.concatenate(values) if values else np.zeros(0, np.float32)
    return scipy.sparse.csr_array((flat_values, flat_terms, np.array(ends)), shape=(len(rows), vectors.shape[1]))
