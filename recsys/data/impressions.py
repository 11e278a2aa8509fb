"""What a log says was shown: the candidates of a request as they were, and which of them were clicked.

A request that asks at the second of an impression of its user is that impression's request, as each request drawn from
a click of the log is. A run ranks the whole catalogue all the same; an evaluation ranks the logged candidates as well
(`recsys.impression_ranking`), which is no sampling, since they are all that the user could choose from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.types import Positions


@dataclass(frozen=True)
class Impression:
    """One list as it was shown. items int32 [shown], clicked bool [shown]."""

    items: Positions
    clicked: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Impressions:
    """Lists in time order: that of row r are items[offsets[r] : offsets[r + 1]].

    timestamp_s int64 [n], user int32 [n], offsets int64 [n + 1], items int32 [shown] (positions), clicked bool [shown].
    """

    timestamp_s: npt.NDArray[np.int64]
    user: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    items: Positions
    clicked: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.timestamp_s)

    def __getitem__(self, row: int) -> Impression:
        shown = slice(self.offsets[row], self.offsets[row + 1])
        return Impression(self.items[shown], self.clicked[shown])

    def of_request(self, user: int, timestamp_s: int) -> Impression | None:
        """What was shown to a user at this second, the first list where there are several; None for nothing."""
        low, high = np.searchsorted(self.timestamp_s, [timestamp_s, timestamp_s + 1])
        mine = np.flatnonzero(self.user[low:high] == user)
        return self[int(low + mine[0])] if len(mine) else None

    def take(self, rows: npt.NDArray[np.intp]) -> Impressions:
        """The lists of these rows, in the order given."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes)
        return Impressions(self.timestamp_s[rows], self.user[rows], offsets, self.items[places], self.clicked[places])
