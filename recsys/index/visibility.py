"""Which items an index may find."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.types import Positions


class Visibility:
    """The items that no search may find, by position; none at first. While there are none, it costs nothing."""

    def __init__(self) -> None:
        self._hidden: Positions = np.zeros(0, np.int32)

    def rewind(self, hidden: Positions) -> None:
        """Hide these items, and no others."""
        self._hidden = np.array(hidden, np.int32)

    def show(self, positions: Positions) -> None:
        """Hide these items no longer."""
        if len(self._hidden):
            self._hidden = np.setdiff1d(self._hidden, positions)

    def mask(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The same array, float32 [queries, n_items], with −inf for hidden items."""
        if len(self._hidden):
            scores[:, self._hidden] = -np.inf
        return scores

    def left_out(self, excluded: Positions) -> Positions:
        """What a search must not find: the hidden items and these, each once, rising."""
        return np.union1d(self._hidden, excluded).astype(np.int32) if len(self._hidden) else excluded
