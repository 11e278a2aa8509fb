"""Exact search over dense vectors: one matrix product, then the best."""

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


class ExactIndexOptions(OptionsModel):
    """Nothing to set."""


@INDEXES.register("exact")
class ExactIndex:
    """Scores every item. Memory: the vectors themselves, float32 [n_items, dim]."""

    Options = ExactIndexOptions

    def __init__(self, options: ExactIndexOptions) -> None:
        self.options = options

    def build(self, vectors: Vectors) -> None:
        """Hold dense vectors. Raises BadOptions for sparse ones."""
        if isinstance(vectors, scipy.sparse.csr_array):
            raise BadOptions(
                'index "exact" holds dense vectors, but the encoder\'s are sparse. Next: index = { kind = "sparse" }'
            )
        self._vectors = np.ascontiguousarray(vectors)

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]."""
        scores: npt.NDArray[np.float32] = queries @ self._vectors.T
        return scores

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it."""
        return [best(row, n, positions) for row, positions in zip(self.scores(queries), exclude, strict=True)]
