"""Dense vectors beside which an index keeps a form of its own: what is done when items come in and time goes back."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.errors import BadOptions
from recsys.index.rows import Rows
from recsys.index.visibility import Visibility
from recsys.types import Positions, Vectors

Float32 = npt.NDArray[np.float32]


def dense(kind: str, vectors: Vectors) -> Float32:
    """The vectors, float32 and row by row in memory. Raises BadOptions for sparse ones. kind: of the index."""
    if isinstance(vectors, scipy.sparse.csr_array):
        raise BadOptions(
            f'index "{kind}" holds dense vectors, but the encoder\'s are sparse. Next: index = {{ kind = "sparse" }}'
        )
    return np.ascontiguousarray(vectors, np.float32)


class DenseRows(ABC):
    """An index that holds float32 vectors and a form of its own, which is written anew where they change."""

    kind: str

    def hold(self, vectors: Vectors) -> Float32:
        """Begin with these vectors, all of them visible; they are returned. Raises BadOptions for sparse ones."""
        self._vectors = Rows(dense(self.kind, vectors))
        self._put: Positions = np.zeros(0, np.int32)
        self._visible = Visibility()
        return self._vectors.array

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Write the rows in their place, and let these items be found."""
        self._vectors.put(positions, dense(self.kind, vectors))
        self._write(positions)
        self._put = np.union1d(self._put, positions).astype(np.int32)
        self._visible.show(positions)

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, and find all items but these."""
        self._vectors.rewind()
        self._write(self._put)
        self._put = self._put[:0]
        self._visible.rewind(hidden)

    @abstractmethod
    def _write(self, positions: Positions) -> None:
        """Make the own form of these rows anew."""
