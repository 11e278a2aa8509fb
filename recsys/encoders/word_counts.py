"""Bags of words: repeated word ids to the sparse rows that TF-IDF and hashing weigh."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.types import TokenIds

Float64 = npt.NDArray[np.float64]


def count_words(words: TokenIds, dim: int, weights: Float64 | None = None) -> scipy.sparse.csr_array:
    """How often each word stands in each text: float64 [n, dim], columns ascending within a row.

    weights: float64 [sum of lengths], what each occurrence counts; None = 1.
    """
    rows = len(words)
    keys: npt.NDArray[np.int64] = words.ids.astype(np.int64)
    if rows > 1:
        keys += np.repeat(np.arange(rows, dtype=np.int64) * dim, words.n_tokens)
    if weights is None:
        cells, counts = np.unique(keys, return_counts=True)
    else:
        cells, places = np.unique(keys, return_inverse=True)
        counts = np.bincount(places, weights, len(cells))
    offsets = np.searchsorted(cells, np.arange(rows + 1, dtype=np.int64) * dim)
    columns = (cells % dim if rows > 1 else cells).astype(np.int32)
    return scipy.sparse.csr_array((counts.astype(np.float64), columns, offsets.astype(np.int32)), shape=(rows, dim))


def unit_rows(matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """The same rows at norm 1, or 0 where a row is empty; summed in float64, returned as float32 [n, dim]."""
    squared = matrix.data * matrix.data
    if matrix.shape[0] == 1:
        data = matrix.data / np.sqrt(squared.sum() or 1.0)
    else:
        row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        norms = np.sqrt(np.bincount(row_of, squared, matrix.shape[0]))
        norms[norms == 0] = 1.0
        data = matrix.data / norms[row_of]
    matrix.data = data.astype(np.float32)
    return matrix
