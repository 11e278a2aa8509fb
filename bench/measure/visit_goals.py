"""Satisfaction, by proxy: the share of sessions in which a list held something that its user then met.

Nobody asked the users; a session with such a hit is taken for one that went well. A list belongs to the session of its
user's first event from the request on, and is judged by what is met in the rest of it alone. Where a session has
several lists in a slice, one hit is enough; a session in which nothing was left to be found is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.measure.slices import Slice
from bench.traffic.trace import Trace
from recsys.data.visits import Visits
from recsys.quality import hits
from recsys.types import Positions


@dataclass(frozen=True)
class VisitGoals:
    """The lists of n_rows requests that belong to a session with something to find, sessions numbered by slice.

    rows int64 [n], rising; wanted: what each could find; session int64 [n]; last int64 [sessions]: the row of each
    session's last such list.
    """

    n_rows: int
    rows: npt.NDArray[np.int64]
    wanted: tuple[Positions, ...]
    session: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @classmethod
    def of(cls, trace: Trace, relevant: Sequence[Positions | None], slices: Sequence[Slice]) -> VisitGoals:
        """relevant: by row of the trace, what each list should have found sooner or later; None for no list."""
        visits = Visits(trace.dataset)
        rows: list[int] = []
        wanted: list[Positions] = []
        keys: list[tuple[int, int, int]] = []
        last: dict[tuple[int, int, int], int] = {}
        for place, part in enumerate(slices):
            for request in trace.requests(part.low, part.high):
                row = part.low + request.row
                later = relevant[row]
                if later is None or (visit := visits.at(request.user, request.timestamp_s)) is None:
                    continue
                goals = np.intersect1d(visit.wanted, later)
                if len(goals):
                    key = place, request.user, visit.session
                    last[key] = row
                    keys.append(key)
                    rows.append(row)
                    wanted.append(goals)
        number = {key: place for place, key in enumerate(last)}
        return cls(
            len(relevant),
            np.array(rows, np.int64),
            tuple(wanted),
            np.array([number[key] for key in keys], np.int64),
            np.array(list(last.values()), np.int64),
        )

    def satisfied(self, lists: Positions) -> npt.NDArray[np.float32]:
        """1 at the last list of a session with a hit, 0 at that of one without, NaN elsewhere; float32 [n_rows].

        lists: int32 [n_rows, k], −1 where a list ends. The mean over a user's values is their share of sessions.
        """
        found = hits(lists[self.rows], self.wanted).any(axis=1)
        column = np.full(self.n_rows, np.nan, np.float32)
        column[self.last] = np.bincount(self.session, found, len(self.last)) > 0
        return column
