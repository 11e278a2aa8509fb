"""Exact search over dense vectors: every item scored, then the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse
from pydantic import Field

from recsys.errors import BadOptions
from recsys.index import INDEXES
from recsys.index.protocol import Candidates, best
from recsys.index.reading_crew import ReadingCrew
from recsys.index.rows import Rows
from recsys.index.visibility import Visibility
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors


class ExactIndexOptions(OptionsModel):
    """threads: that read the vectors for one search, where they are many megabytes."""

    threads: int = Field(1, ge=1)


@INDEXES.register("exact")
class ExactIndex:
    """Scores every item. Memory: a copy of the vectors, float32 [n_items, dim], which ingests write into."""

    Options = ExactIndexOptions

    def __init__(self, options: ExactIndexOptions) -> None:
        self.options = options
        self._crew = ReadingCrew(options.threads)

    def build(self, vectors: Vectors) -> None:
        """Hold dense vectors. Raises BadOptions for sparse ones."""
        if isinstance(vectors, scipy.sparse.csr_array):
            raise BadOptions(
                'index "exact" holds dense vectors, but the encoder\'s are sparse. Next: index = { kind = "sparse" }'
            )
        self._vectors = Rows(np.asarray(vectors, np.float32))
        self._visible = Visibility()

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]; −inf for those that are hidden."""
        return self._visible.mask(self._crew.dot_products(np.asarray(queries, np.float32), self._vectors.array))

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        return [best(row, n, positions) for row, positions in zip(self.scores(queries), exclude, strict=True)]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Write the rows in their place, and let these items be found."""
        self._vectors.put(positions, np.asarray(vectors, np.float32))
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        self._vectors.rewind()
        self._visible.rewind(hidden)
