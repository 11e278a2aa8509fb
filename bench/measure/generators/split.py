"""One block split over several generators, each request to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from recsys.types import Request, RequestKind


def split_places(
    kinds: npt.NDArray[np.int8], users: npt.NDArray[np.int32], generators: int
) -> list[npt.NDArray[np.int64]]:
    """Places of each generator's requests in the block, rising. kinds, users: of the block's requests.

    Round robin, so that each offers an equal part at any time. But a user who reports an event within the block asks
    through one generator alone, the one whose turn their first request is: a list must not overtake the event before
    it, and a client that states histories has to have seen it. Ingests are for all users and stay in time order alone.
    """
    turns = np.arange(len(kinds)) % generators
    reporting = np.isin(users, users[kinds == RequestKind.FEEDBACK])
    _, first, inverse = np.unique(users, return_index=True, return_inverse=True)
    turns = np.where(reporting, turns[first][inverse], turns)
    return [np.flatnonzero(turns == generator).astype(np.int64) for generator in range(generators)]


class SharedOut(Sequence[Request]):
    """The requests of these places, numbered from 0. Built when they are asked for."""

    __slots__ = ("_places", "_requests")

    def __init__(self, requests: Sequence[Request], places: npt.NDArray[np.int64]) -> None:
        self._requests = requests
        self._places = places.tolist()

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Request: ...

    @overload
    def __getitem__(self, place: slice) -> list[Request]: ...

    def __getitem__(self, place: int | slice) -> Request | list[Request]:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(len(self)))]
        request: Request = self._requests[self._places[place]]
        return request._replace(row=range(len(self))[place])
