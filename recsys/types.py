"""The words of the recommender: items, events, requests, and what an encoder takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse

Vectors: TypeAlias = "npt.NDArray[np.float32] | scipy.sparse.csr_array"
"""float32 [n, dim], dense or sparse. Rows have norm 1, or 0 where no token is known; a zero row scores 0."""

Positions: TypeAlias = npt.NDArray[np.int32]
"""Positions of items in the catalogue, int32 [n]; -1 where a list is shorter than asked."""


class EventKind(IntEnum):
    """How a user met an item.

    RATING: rated well enough to be wanted. DISLIKE: rated below the data set's threshold; the item counts as seen, but
    says nothing of what the user likes and is never what a list should have found.
    """

    BROWSE = 0
    CLICK = 1
    PURCHASE = 2
    RATING = 3
    DISLIKE = 4


class RequestKind(IntEnum):
    """What a request asks of the recommender."""

    RECOMMEND = 0
    FEEDBACK = 1
    INGEST = 2


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
    amount float32 [n]: how much of it, ≥ 0: the dwell of a browse or click in seconds, the quantity of a purchase, a
    rating's or dislike's share of the best mark; NaN = not known. None = of no event.
    """

    timestamp_s: npt.NDArray[np.int64]
    user: npt.NDArray[np.int32]
    item: Positions
    kind: npt.NDArray[np.int8]
    amount: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.timestamp_s)

    @property
    def wanted(self) -> Positions:
        """The items of all events but dislikes: what a list should have found. int32 [≤ n], in time order."""
        items: Positions = self.item[self.kind != EventKind.DISLIKE]
        return items

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Events:
        """The events of these rows, in the order given."""
        amount = None if self.amount is None else self.amount[rows]
        return Events(self.timestamp_s[rows], self.user[rows], self.item[rows], self.kind[rows], amount)


class Request(NamedTuple):
    """One request. row: its place in the stretch of the trace being served; timestamp_s: its time in the data.

    A RECOMMEND asks for `user`; a FEEDBACK says that `user` met `item` in the way `event_kind`; an INGEST makes `item`,
    new or changed, recommendable. item: a position in the data set, −1 = none.

    A FEEDBACK brings no amount, so its event weighs as its kind does: a page read for half a minute, one piece bought,
    the best mark given (`recsys.features.profile.EventWeights`).

    query: the user's own words with a RECOMMEND, "" = none. Under every placement their vector is then the user's, in
    place of the profile; without them the weighted profile decides. Items that the user met stay left out either way,
    and a ranker's other blocks (category) still read the profile.
    """

    row: int
    kind: RequestKind
    user: int
    timestamp_s: int
    item: int = -1
    event_kind: EventKind = EventKind.CLICK
    query: str = ""


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
        return self.offsets[1:] - self.offsets[:-1]

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
