"""Approximate search by faiss: a navigable graph (Malkov & Yashunin, TPAMI 2020) of which a query sees a small part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from recsys.index import INDEXES
from recsys.index.dense_rows import Float32, dense
from recsys.index.faiss_search import search_without
from recsys.index.protocol import Candidates, best, ordered
from recsys.index.rows import Rows
from recsys.index.visibility import Visibility
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors

REQUIRES = ("faiss",)
EXTRA = "faiss"


class FaissHnswOptions(OptionsModel):
    """links: of an item to its neighbours. build_width, search_width: items kept in sight while building, searching.

    A search keeps at least so many in sight as it is asked for.
    """

    links: int = Field(32, ge=2)
    build_width: int = Field(200, ge=1)
    search_width: int = Field(64, ge=1)


@INDEXES.register("faiss_hnsw")
class FaissHnswIndex:
    """Faiss' IndexHNSWFlat, and beside it the rows that were put, which are few, by exact search.

    A graph cannot forget an item, so one that is replaced is left out of what it finds. Memory: the vectors twice,
    float32 [n_items, dim], and 8 · links bytes an item.
    """

    Options = FaissHnswOptions

    def __init__(self, options: FaissHnswOptions) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Link dense vectors. Raises BadOptions for sparse ones."""
        import faiss

        rows = dense("faiss_hnsw", vectors)
        self._index = faiss.IndexHNSWFlat(rows.shape[1], self.options.links, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = self.options.build_width
        self._index.add(rows)
        self._vectors = Rows(rows)
        self._put: Positions = np.zeros(0, np.int32)
        self._visible = Visibility()

    def scores(self, queries: Vectors) -> Float32:
        """Exact scores of all items, float32 [queries, n_items]; −inf for those that are hidden."""
        return self._visible.mask(np.asarray(queries, np.float32) @ self._vectors.array.T)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """About the n best items a query, without those excluded for it and those that are hidden."""
        rows = dense("faiss_hnsw", queries)
        return [self._nearest(query, n, excluded) for query, excluded in zip(rows, exclude, strict=True)]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Replace the vectors of these items, and let them be found."""
        self._vectors.put(positions, dense("faiss_hnsw", vectors))
        self._put = np.union1d(self._put, positions).astype(np.int32)
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        self._vectors.rewind()
        self._put = self._put[:0]
        self._visible.rewind(hidden)

    def _nearest(self, query: Float32, n: int, excluded: Positions) -> Candidates:
        left_out = self._visible.left_out(excluded)
        if not query.any():  # everything scores 0, and a graph gives no direction to go
            return best(np.zeros(len(self._vectors.array), np.float32), n, left_out)
        width = max(self.options.search_width, n)
        stale = np.union1d(left_out, self._put)
        linked = search_without(self._index, query, n, stale, efSearch=width)
        fresh = np.setdiff1d(self._put, left_out)
        if not len(fresh):
            return linked
        scores = self._vectors.array[fresh] @ query
        return ordered(np.concatenate([linked.positions, fresh]), np.concatenate([linked.scores, scores]), n)
