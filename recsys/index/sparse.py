"""Exact search over sparse vectors: only the postings of a query's own terms are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.errors import BadOptions
from recsys.index import INDEXES
from recsys.index.protocol import Candidates, best
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors
from recsys.vectors import spans


class SparseIndexOptions(OptionsModel):
    """Nothing to set."""


@INDEXES.register("sparse")
class SparseIndex:
    """An inverted index: for each term, the items that have it and their weights."""

    Options = SparseIndexOptions

    def __init__(self, options: SparseIndexOptions) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Hold sparse vectors. Raises BadOptions for dense ones."""
        if not isinstance(vectors, scipy.sparse.csr_array):
            raise BadOptions(
                'index "sparse" holds sparse vectors, but the encoder\'s are dense. Next: index = { kind = "exact" }'
            )
        postings = vectors.tocsc()
        self._n_items = vectors.shape[0]
        self._offsets = postings.indptr
        self._items = postings.indices
        self._weights = postings.data

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]. Raises BadOptions for dense queries."""
        if not isinstance(queries, scipy.sparse.csr_array):
            raise BadOptions('index "sparse" answers sparse queries. Next: index = { kind = "exact" }')
        ends = queries.indptr
        rows = [
            self._score(queries.indices[ends[row] : ends[row + 1]], queries.data[ends[row] : ends[row + 1]])
            for row in range(queries.shape[0])
        ]
        return np.stack(rows) if rows else np.zeros((0, self._n_items), np.float32)

    def _score(self, terms: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        entries, lengths = spans(self._offsets, terms)
        parts = self._weights[entries] * np.repeat(weights, lengths)
        return np.bincount(self._items[entries], parts, self._n_items).astype(np.float32)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it."""
        return [best(row, n, positions) for row, positions in zip(self.scores(queries), exclude, strict=True)]
