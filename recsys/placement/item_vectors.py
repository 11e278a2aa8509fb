"""A table of item vectors that a placement looks up, in which single rows can be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.types import Positions, Vectors
from recsys.vectors import dot, dot_at, stacked, weighted_means


class ItemVectors:
    """Vectors by position. Rows that were put lie apart from those that it was built with, which nothing changes."""

    def __init__(self, vectors: Vectors) -> None:
        self._built: Any = vectors
        self._put: dict[int, Any] = {}  # position → [1, dim]

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Replace the vectors of these items, [n, dim]; where a position stands twice, the later row counts."""
        rows: Any = vectors
        self._put |= {position: rows[[row]] for row, position in enumerate(positions.tolist())}

    def rewind(self) -> None:
        """Hold the vectors that it was built with."""
        self._put.clear()

    def weighted_means(self, rows: Sequence[Positions], weights: Sequence[npt.NDArray[np.float32]]) -> Vectors:
        """One unit vector a group of positions, [groups, dim]; see recsys.vectors.weighted_means."""
        if self._as_built(rows):
            return weighted_means(self._built, rows, weights)
        used = np.unique(np.concatenate(rows))
        renumbered = [np.searchsorted(used, row).astype(np.int32) for row in rows]
        return weighted_means(self._rows(used), renumbered, weights)

    def at(self, positions: Positions) -> Any:
        """The vectors of these items, [n, dim], in the order given."""
        return self._built[positions] if self._as_built([positions]) else self._rows(positions)

    def dot(self, positions: Positions, vector: Any) -> npt.NDArray[np.float32]:
        """Dot products of the vectors of these items with one vector [1, dim], float32 [n]."""
        if self._as_built([positions]):
            return dot_at(self._built, positions, vector)
        return dot(self._rows(positions), vector)

    def _as_built(self, rows: Sequence[Positions]) -> bool:
        """Whether none of these rows is replaced."""
        return not self._put or self._put.keys().isdisjoint(position for row in rows for position in row.tolist())

    def _rows(self, positions: Positions) -> Any:
        """The vectors at these positions, [n, dim]."""
        place = np.arange(len(positions))
        replaced = [row for row, position in enumerate(positions.tolist()) if position in self._put]
        place[replaced] = len(positions) + np.arange(len(replaced))
        return stacked([self._built[positions], *(self._put[int(positions[row])] for row in replaced)])[place]
