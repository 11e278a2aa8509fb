"""Exact search over sparse vectors: only the postings of a query's own terms are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.errors import BadOptions
from recsys.index import INDEXES
from recsys.index.protocol import Candidates, best
from recsys.index.segments import Segments
from recsys.index.visibility import Visibility
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors


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
        vectors = _sparse(vectors, "holds sparse vectors, but the encoder's are dense")
        self._built = self._segments = Segments.of(vectors)
        self._visible = Visibility()

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]; −inf for those that are hidden.

        Raises BadOptions for dense queries.
        """
        queries = _sparse(queries, "answers sparse queries")
        segments, ends = self._segments, queries.indptr
        rows = [
            segments.scores(queries.indices[ends[row] : ends[row + 1]], queries.data[ends[row] : ends[row + 1]])
            for row in range(queries.shape[0])
        ]
        scores = np.stack(rows) if rows else np.zeros((0, segments.base.n_rows), np.float32)
        return self._visible.mask(scores)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        return [best(row, n, positions) for row, positions in zip(self.scores(queries), exclude, strict=True)]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Replace the rows of these items, and let them be found. Raises BadOptions for dense rows."""
        self._segments = self._segments.put(positions, _sparse(vectors, "holds sparse vectors, but these are dense"))
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        self._segments = self._built
        self._visible.rewind(hidden)


def _sparse(vectors: Vectors, rule: str) -> scipy.sparse.csr_array:
    if not isinstance(vectors, scipy.sparse.csr_array):
        raise BadOptions(f'index "sparse" {rule}. Next: index = {{ kind = "exact" }}')
    return vectors
