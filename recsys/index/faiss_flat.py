"""Exact search by faiss: every item scored, the best kept in a heap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.index import INDEXES
from recsys.index.dense_rows import Float32, dense
from recsys.index.faiss_search import search_without
from recsys.index.protocol import Candidates
from recsys.index.rows import Rows
from recsys.index.visibility import Visibility
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors

REQUIRES = ("faiss",)
EXTRA = "faiss"


class FaissFlatOptions(OptionsModel):
    """Nothing to set."""


@INDEXES.register("faiss_flat")
class FaissFlatIndex:
    """Faiss' IndexFlatIP. Memory: the vectors twice, float32 [n_items, dim]: faiss' own and those that ingests rewind.

    Among equal scores faiss keeps whichever it met first, so the last place may be another tie than in index "exact".
    """

    Options = FaissFlatOptions

    def __init__(self, options: FaissFlatOptions) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Hold dense vectors. Raises BadOptions for sparse ones."""
        import faiss

        rows = dense("faiss_flat", vectors)
        self._index = faiss.IndexFlatIP(rows.shape[1])
        self._index.add(rows)
        self._own = faiss.rev_swig_ptr(self._index.get_xb(), rows.size).reshape(rows.shape)
        self._vectors = Rows(rows)
        self._visible = Visibility()

    def scores(self, queries: Vectors) -> Float32:
        """Scores of all items, float32 [queries, n_items]; −inf for those that are hidden."""
        return self._visible.mask(np.asarray(queries, np.float32) @ self._own.T)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        rows = dense("faiss_flat", queries)
        return [
            search_without(self._index, query, n, self._visible.left_out(excluded))
            for query, excluded in zip(rows, exclude, strict=True)
        ]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Write the rows in their place, and let these items be found."""
        self._vectors.put(positions, dense("faiss_flat", vectors))
        self._own[positions] = self._vectors.array[positions]
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        self._vectors.rewind()
        self._own[:] = self._vectors.array
        self._visible.rewind(hidden)
