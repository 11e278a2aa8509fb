"""Search by faiss over one byte a dimension; the best of it are scored again in float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.index import INDEXES
from recsys.index.dense_rows import DenseRows, Float32, dense
from recsys.index.faiss_search import search_without
from recsys.index.products import dot_products
from recsys.index.protocol import Candidates, best, ordered
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors

REQUIRES = ("faiss",)
EXTRA = "faiss"

INT8_MAX = 127
SIGN_OFFSET = 128
"""Faiss keeps the code c as the byte c + 128."""


class FaissInt8Options(OptionsModel):
    """rescore: so many times the items that are asked for are scored again in float32, and the best of them given."""

    rescore: int = Field(4, ge=1)


@INDEXES.register("faiss_int8")
class FaissInt8Index(DenseRows):
    """Faiss' IndexScalarQuantizer over round(127 · v / s), one s for all, the largest |v| that it was built with.

    Queries are coded alike, by their own largest. A dimension of a later item beyond s is cut to it, until re-scoring.
    Memory: a quarter of float32 [n_items, dim], and the vectors, of which a search reads few rows.
    """

    Options = FaissInt8Options
    kind = "faiss_int8"

    def __init__(self, options: FaissInt8Options) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Hold dense vectors. Raises BadOptions for sparse ones."""
        import faiss

        rows = self.hold(vectors)
        self._largest = float(np.abs(rows).max(initial=0)) or 1.0
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._index = faiss.IndexScalarQuantizer(rows.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        self._index.is_trained = True  # codes are numbers as they are: there is nothing to learn
        self._index.add(self._codes(rows).astype(np.float32))
        self._own = faiss.rev_swig_ptr(self._index.codes.data(), rows.size).reshape(rows.shape)

    def scores(self, queries: Vectors) -> Float32:
        """Scores of all items as if each were scored again, float32 [queries, n_items]; −inf for hidden ones."""
        return self._visible.mask(dot_products(np.asarray(queries, np.float32), self._vectors.array))

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        rows = dense(self.kind, queries)
        return [self._nearest(query, n, excluded) for query, excluded in zip(rows, exclude, strict=True)]

    def _nearest(self, query: Float32, n: int, excluded: Positions) -> Candidates:
        left_out, vectors = self._visible.left_out(excluded), self._vectors.array
        if not query.any():  # everything scores 0, of which faiss keeps whichever it met first
            return best(np.zeros(len(vectors), np.float32), n, left_out)
        code = np.rint(query * np.float32(INT8_MAX / np.abs(query).max()))  # faiss takes it for an integer too
        pool = search_without(self._index, code, n * self.options.rescore, left_out).positions
        return ordered(pool, vectors[pool] @ query, n)

    def _write(self, positions: Positions) -> None:
        """Code these rows anew, in faiss' own memory."""
        self._own[positions] = self._codes(self._vectors.array[positions]).astype(np.int16) + SIGN_OFFSET

    def _codes(self, rows: Float32) -> npt.NDArray[np.int8]:
        """int8 [n, dim]."""
        nearest = np.rint(rows * np.float32(INT8_MAX / self._largest))
        codes: npt.NDArray[np.int8] = np.clip(nearest, -INT8_MAX, INT8_MAX).astype(np.int8)
        return codes
