"""An array in which rows can be replaced, and set back to what they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.types import Positions


class Rows:
    """A copy of an array [n, …]. array: as it is now; whoever reads from it sees every put."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = np.array(array, order="C")
        self._built: dict[int, npt.NDArray[Any]] = {}  # of the rows that were put since

    def put(self, positions: Positions, rows: npt.NDArray[Any]) -> None:
        """Replace these rows; where a position stands twice, the later row counts."""
        for position in positions.tolist():
            if position not in self._built:
                self._built[position] = self.array[position].copy()
        self.array[positions] = rows

    def rewind(self) -> None:
        """Hold exactly the array that it was built with."""
        for position, row in self._built.items():
            self.array[position] = row
        self._built.clear()
