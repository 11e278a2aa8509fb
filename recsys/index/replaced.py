"""Rows that took the place of others which cannot be changed themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.types import Positions


@dataclass(frozen=True, slots=True)
class Replaced:
    """The first `count` of rows [capacity, dim] and of their positions; those behind are not read by anyone yet.

    places: of each position among them; one for all that follow from each other, and only for who makes the next.
    """

    count: int
    positions: Positions
    rows: npt.NDArray[Any]
    places: dict[int, int]

    @classmethod
    def none(cls, rows: npt.NDArray[Any]) -> Replaced:
        """Of rows such as these."""
        return cls(0, np.empty(1, np.int32), np.empty_like(rows, shape=(1, *rows.shape[1:])), {})

    def having(self, positions: Positions, rows: npt.NDArray[Any]) -> Replaced:
        """With these rows too. Arrays are shared with the one before as long as they are large enough."""
        fresh = {position: None for position in positions.tolist() if position not in self.places}
        self.places.update(zip(fresh, range(self.count, self.count + len(fresh)), strict=True))
        count = len(self.places)
        capacity = max(len(self.rows), 1 << (count - 1).bit_length())
        all_positions, all_rows = _longer(self.positions, capacity), _longer(self.rows, capacity)
        all_positions[self.count : count] = list(fresh)
        for position, row in zip(positions.tolist(), rows, strict=True):
            all_rows[self.places[position]] = row
        return Replaced(count, all_positions, all_rows, self.places)


def _longer(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """The array, or where it is shorter a longer one that begins with it."""
    if len(array) == length:
        return array
    longer = np.empty((length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
