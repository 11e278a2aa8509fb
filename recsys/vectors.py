"""Arithmetic on item vectors, dense and sparse alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.errors import BadVectors
from recsys.types import Positions, Vectors

Indices = npt.NDArray[np.int64]


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


def check_finite(vectors: Any) -> None:
    """Raise BadVectors where a number is NaN or infinite; one sum, since it stands in every request's way.

    Sparse ones are counts, and a device's own stay where they are: neither is looked at.
    """
    if isinstance(vectors, np.ndarray) and not math.isfinite(vectors.sum()):
        raise BadVectors("a user's vector is not finite. Next: check the encoder's precision, or the model's files")


def unit_rows(rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The rows [n, dim] with norm 1, float32; a row of zeros stays one."""
    array = np.asarray(rows, np.float64)
    norms = np.sqrt(np.einsum("ij,ij->i", array, array))
    return (array / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32)


def dot(rows: Any, vector: Any) -> npt.NDArray[np.float32]:
    """Dot products of rows [n, dim] with one vector [1, dim], float32 [n]; both dense, or both sparse."""
    wide = vector.toarray()[0] if isinstance(vector, scipy.sparse.csr_array) else vector[0]
    products: npt.NDArray[np.float32] = rows @ wide
    return products


def dot_at(vectors: Vectors, positions: Positions, vector: Any) -> npt.NDArray[np.float32]:
    """The same of some rows of vectors [n, dim]; for a few sparse ones three times as fast as taking them out first."""
    if not isinstance(vectors, scipy.sparse.csr_array):
        return dot(vectors[positions], vector)
    wide = np.zeros(vectors.shape[1], np.float32)
    wide[vector.indices] = vector.data
    entries, lengths = spans(vectors.indptr, positions)
    products = vectors.data[entries] * wide[vectors.indices[entries]]
    return np.bincount(np.repeat(np.arange(len(positions)), lengths), products, len(positions)).astype(np.float32)


def stacked(parts: Sequence[Any]) -> Any:
    """The rows of all parts, [sum of n, dim]: sparse where the parts are, in which case all have to be."""
    if isinstance(parts[0], scipy.sparse.csr_array):
        return scipy.sparse.csr_array(scipy.sparse.vstack(parts, format="csr"))
    return np.concatenate(parts)


def spans(offsets: npt.NDArray[np.integer], rows: npt.NDArray[np.integer]) -> tuple[Indices, Indices]:
    """Where the entries of some rows of a ragged array stand, end to end, and how many each row has.

    offsets [n + 1]: row i is offsets[i] : offsets[i + 1]. Returns places int64 [sum of lengths], lengths int64 [rows].
    """
    starts = offsets[rows].astype(np.int64)
    lengths = offsets[rows + 1] - starts
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0), lengths


def _sparse_means(
    vectors: scipy.sparse.csr_array, rows: Sequence[Positions], weights: Sequence[npt.NDArray[np.float32]]
) -> scipy.sparse.csr_array:
    """By hand on the csr arrays: a scipy product of two matrices costs more than all of the work at one group."""
    terms, values, ends = [vectors.indices[:0]], [vectors.data[:0]], [0]
    for positions, weight in zip(rows, weights, strict=True):
        entries, lengths = spans(vectors.indptr, positions)
        found, place = np.unique(vectors.indices[entries], return_inverse=True)
        sums = np.bincount(place, vectors.data[entries] * np.repeat(weight, lengths), len(found))
        norm = np.sqrt(sums @ sums)
        terms.append(found)
        values.append((sums / norm if norm > 0 else sums).astype(np.float32))
        ends.append(ends[-1] + len(found))
    content = (np.concatenate(values), np.concatenate(terms), np.array(ends))
    return scipy.sparse.csr_array(content, shape=(len(rows), vectors.shape[1]))
