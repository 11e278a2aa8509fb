"""The requests of a whole run as columns, and a stretch of them as the requests that a recommender takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
import numpy.typing as npt

from recsys.data import Dataset
from recsys.types import EventKind, Positions, Request, RequestKind

NOBODY = -1
"""The user of an ingest."""
NO_ITEM = -1
"""The item of a request for a list, which must not know what comes next."""
NO_EVENT = EventKind.CLICK
"""The event kind of a request that reports no event."""

_REQUEST_KINDS = tuple(RequestKind)
_EVENT_KINDS = tuple(EventKind)
_new_tuple = tuple.__new__


@dataclass(frozen=True)
class Trace:
    """The requests of a run in time order: 18 bytes each, and the words of those that bring a query.

    kind int8 [n] (RequestKind), user int32 [n] (NOBODY for an ingest), timestamp_s int64 [n], item int32 [n] (NO_ITEM
    for a request for a list), event_kind int8 [n] (EventKind; NO_EVENT where none is reported). Users and items are
    positions in the data set. queries: row → the user's own words, for the rows that have any.
    """

    kind: npt.NDArray[np.int8]
    user: npt.NDArray[np.int32]
    timestamp_s: npt.NDArray[np.int64]
    item: Positions
    event_kind: npt.NDArray[np.int8]
    dataset: Dataset
    queries: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def sha256(self) -> str:
        """Hash of all columns, little-endian, and the queries by row: equal for the same requests of one data set."""
        digest = hashlib.sha256()
        for column, dtype in (
            (self.kind, "i1"),
            (self.user, "<i4"),
            (self.timestamp_s, "<i8"),
            (self.item, "<i4"),
            (self.event_kind, "i1"),
        ):
            digest.update(column.astype(dtype).tobytes())
        digest.update(json.dumps(sorted(self.queries.items())).encode("ascii"))
        return digest.hexdigest()

    def counts(self) -> dict[str, int]:
        """How many requests there are of each kind, by name: "recommend", "feedback", "ingest"."""
        counted = np.bincount(self.kind, minlength=len(RequestKind)).tolist()
        return {kind.name.lower(): counted[kind] for kind in RequestKind}

    def requests(self, low: int, high: int) -> RequestSlice:
        """The requests of rows low … high - 1, numbered from 0."""
        return RequestSlice(self, low, high)


class RequestSlice(Sequence[Request]):
    """A stretch of a trace. A request is built when it is asked for and kept nowhere, so a million take no memory."""

    __slots__ = ("_columns", "_low", "_n", "_queries")

    def __init__(self, trace: Trace, low: int, high: int) -> None:
        columns = (trace.kind, trace.user, trace.timestamp_s, trace.item, trace.event_kind)
        self._columns = tuple(column.data for column in columns)  # views: indexed in half the time of an array
        self._queries = trace.queries
        self._low = low
        self._n = len(range(low, min(high, len(trace))))

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, place: int) -> Request: ...

    @overload
    def __getitem__(self, place: slice) -> list[Request]: ...

    def __getitem__(self, place: int | slice) -> Request | list[Request]:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(self._n))]
        row = place + self._n if place < 0 else place
        if not 0 <= row < self._n:
            raise IndexError(f"request {place} of {self._n}")
        at = self._low + row
        kind, user, timestamp_s, item, event_kind = self._columns
        query = self._queries.get(at, "") if self._queries else ""
        values = row, _REQUEST_KINDS[kind[at]], user[at], timestamp_s[at], item[at], _EVENT_KINDS[event_kind[at]], query
        return _new_tuple(Request, values)  # the constructor of a named tuple takes half as long again
