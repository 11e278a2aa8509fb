"""Some rows of a large table, gathered column by column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a table at some places, in that order. Only a column that is asked for is copied.

    A run of a million requests has some thirty columns; most statements need two of them, of some of the rows.
    """

    table: pd.DataFrame
    places: npt.NDArray[np.intp]

    @classmethod
    def where(cls, table: pd.DataFrame, chosen: pd.Series | npt.NDArray[np.bool_]) -> Selection:
        """The rows at which `chosen` is true."""
        return cls(table, np.flatnonzero(np.asarray(chosen, bool)))

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, column: str) -> bool:
        return column in self.table

    def __getitem__(self, column: str) -> pd.Series:
        """The values of one column. Raises KeyError for one that the table lacks."""
        return self.table[column].take(self.places)

    def frame(self, *columns: str) -> pd.DataFrame:
        """Some columns of these rows side by side."""
        return pd.DataFrame({column: self[column] for column in columns})

    def only(self, chosen: pd.Series | npt.NDArray[np.bool_]) -> Selection:
        """Those of these rows at which `chosen`, one value a row, is true."""
        return replace(self, places=self.places[np.asarray(chosen, bool)])
