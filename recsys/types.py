"""The words of the recommender: items, events, requests, and what an encoder takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse

Vectors: TypeAlias = "npt.NDArray[np.float32] | scipy.sparse.csr_array"
"""float32 [n, dim], dense or sparse. Rows have norm 1, or 0 where no token is known; a zero row scores 0."""

Positions: TypeAlias = npt.NDArray[np.int32]
"""Positions of items in the catalogue, int32 [n]; -1 where a list is shorter than asked."""


class EventKind(IntEnum):
    """How a user met an item."""

    BROWSE = 0
    CLICK = 1
    PURCHASE = 2


class RequestKind(IntEnum):
    """What a request asks of the recommender."""

    RECOMMEND = 0
    FEEDBACK = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended. published_s: seconds since 1970, None = known from the start."""

    item_id: str
    title: str
    text: str = ""
    category: str = ""
    published_s: int | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Who met what, and when: columns of equal length, in time order.

    timestamp_s int64 [n], user int32 [n] and item int32 [n] (positions in the data set), kind int8 [n] (EventKind).
    """

    timestamp_s: npt.NDArray[np.int64]
    user: npt.NDArray[np.int32]
    item: Positions
    kind: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.timestamp_s)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Events:
        """The events of these rows, in the order given."""
        return Events(self.timestamp_s[rows], self.user[rows], self.item[rows], self.kind[rows])


@dataclass(frozen=True, slots=True)
class Request:
    """One request. row: its place in the stretch of the trace being served; timestamp_s: its time in the data.

    A RECOMMEND asks for `user`; a FEEDBACK says that `user` met `item` in the way `event_kind`.
    """

    row: int
    kind: RequestKind
    user: int
    timestamp_s: int
    item: int = -1
    event_kind: EventKind = EventKind.CLICK


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a caller gets: the best items first. positions are those of the catalogue."""

    item_ids: tuple[str, ...]
    scores: tuple[float, ...]
    positions: Positions


class Prepared(Protocol):
    """Texts made ready for an encoder, not yet padded: a ragged batch that can be cut and joined."""

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Tokens that forward will compute, int64 [n]; 0 for a text whose vector is known already."""

    def __len__(self) -> int: ...

    def take(self, rows: npt.NDArray[np.intp]) -> Self:
        """The texts of these rows, in the order given."""

    def concat(self, others: Sequence[Self]) -> Self:
        """The texts of this batch, then of the others, which come from the same encoder."""


@dataclass(frozen=True, slots=True)
class TokenIds:
    """The usual Prepared: token ids of all texts end to end. ids int32 [sum of lengths], offsets int64 [n + 1]."""

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]

    @classmethod
    def from_lists(cls, rows: Sequence[Sequence[int]]) -> TokenIds:
        """One row of ids a text."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        ids = np.fromiter((token for row in rows for token in row), np.int32, int(offsets[-1]))
        return cls(ids, offsets)

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Ids a text, int64 [n]."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: npt.NDArray[np.intp]) -> TokenIds:
        """The texts of these rows, in the order given."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(self.n_tokens[rows], out=offsets[1:])
        parts = [self.ids[self.offsets[row] : self.offsets[row + 1]] for row in rows]
        return TokenIds(np.concatenate(parts) if parts else self.ids[:0], offsets)

    def concat(self, others: Sequence[TokenIds]) -> TokenIds:
        """The texts of this batch, then of the others."""
        parts = [self, *others]
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([part.n_tokens for part in parts]))]).astype(np.int64)
        return TokenIds(np.concatenate([part.ids for part in parts]), offsets)
