"""Search over vectors in fewer bits or dimensions; the best of it are scored again in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import scipy.sparse
from pydantic import Field, model_validator

from recsys.errors import BadOptions
from recsys.index import INDEXES
from recsys.index.codes import BinaryCodes, Codes, Float32, Fp16Codes, Fp32Codes, Int8Codes, truncated
from recsys.index.protocol import Candidates, best, ordered
from recsys.index.rows import Rows
from recsys.index.visibility import Visibility
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors

REQUIRES = ("torch",)

CODES: dict[str, Callable[[Float32], Codes]] = {
    "fp32": Fp32Codes,
    "fp16": Fp16Codes,
    "int8": Int8Codes,
    "binary": BinaryCodes,
}


class QuantisedIndexOptions(OptionsModel):
    """precision: of the vectors that are searched. truncate_dim: only their first dimensions, None = all.

    rescore: so many times the items that are asked for are scored again in float32, and the best of them given; 0 =
    none, and no float32 vectors are held. Only models trained for it (Matryoshka) put most into their first dimensions.
    """

    precision: Literal["int8", "binary", "fp16", "fp32"] = "int8"
    truncate_dim: int | None = Field(None, ge=1)
    rescore: int = Field(4, ge=0)

    @model_validator(mode="after")
    def _saves_something(self) -> QuantisedIndexOptions:
        if self.precision == "fp32" and self.truncate_dim is None:
            raise ValueError('precision = "fp32" in all dimensions is the index "exact". Next: set truncate_dim')
        return self


@INDEXES.register("quantised")
class QuantisedIndex:
    """Scores every item by a code of its vector, then the best by the vectors themselves.

    Memory: the codes, fp16 half, int8 a quarter and binary a thirty-second of float32 [n_items, dim], less where
    truncated; and with re-scoring the float32 vectors, of which a search reads few rows.
    """

    Options = QuantisedIndexOptions

    def __init__(self, options: QuantisedIndexOptions) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Hold dense vectors. Raises BadOptions for sparse ones, and for more dimensions than they have."""
        if isinstance(vectors, scipy.sparse.csr_array):
            raise BadOptions(
                'index "quantised" holds dense vectors, but the encoder\'s are sparse. '
                'Next: index = { kind = "sparse" }'
            )
        dim = vectors.shape[1]
        if (self.options.truncate_dim or 0) > dim:
            raise BadOptions(
                f'index "quantised": truncate_dim = {self.options.truncate_dim}, but the encoder\'s vectors have {dim} '
                "dimensions. Next: at most those"
            )
        vectors = np.asarray(vectors, np.float32)
        self._vectors = Rows(vectors) if self.options.rescore else None
        self._codes = CODES[self.options.precision](self._short(vectors))
        self._visible = Visibility()

    def scores(self, queries: Vectors) -> Float32:
        """Scores of all items, float32 [queries, n_items]; −inf for those that are hidden.

        Those of re-scoring, as if every item were; without it those of the codes.
        """
        queries = np.asarray(queries, np.float32)
        if self._vectors is None:
            return self._visible.mask(self._codes.scores(self._short(queries)))
        return self._visible.mask(queries @ self._vectors.array.T)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        queries = np.asarray(queries, np.float32)
        estimates = self._visible.mask(self._codes.scores(self._short(queries)))
        if self._vectors is None:
            return [best(row, n, positions) for row, positions in zip(estimates, exclude, strict=True)]
        wider = n * self.options.rescore
        pools = [best(row, wider, positions).positions for row, positions in zip(estimates, exclude, strict=True)]
        vectors = self._vectors.array
        return [ordered(pool, vectors[pool] @ query, n) for query, pool in zip(queries, pools, strict=True)]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Replace the vectors of these items, and let them be found."""
        vectors = np.asarray(vectors, np.float32)
        if self._vectors is not None:
            self._vectors.put(positions, vectors)
        self._codes.put(positions, self._short(vectors))
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        if self._vectors is not None:
            self._vectors.rewind()
        self._codes.rewind()
        self._visible.rewind(hidden)

    def _short(self, vectors: Float32) -> Float32:
        """The dimensions that are searched."""
        return vectors if self.options.truncate_dim is None else truncated(vectors, self.options.truncate_dim)
