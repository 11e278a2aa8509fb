"""The requests of a trace in words that any recommender knows, and its lists of names in the positions of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.measure.targets import Setting
from recsys.data import Dataset
from recsys.features.profile import ProfileStore
from recsys.types import Item, Recommendation, Request, RequestKind


class WrongAnswer(Exception):
    """An answer that is no list of the data's items."""


@dataclass(frozen=True)
class AskedFor:
    """A request for a list. k: as many items, at most. query: the user's words, "" without. timestamp: s since 1970."""

    user: str
    k: int
    query: str
    timestamp: int
    known: Known

    @cached_property
    def history(self) -> tuple[str, ...]:
        """Ids of the items that the user met before, oldest first, as many as the scenario's profiles have."""
        return self.known.item_ids_of(self.user)


@dataclass(frozen=True, slots=True)
class Told:
    """An event that is reported, or an item that comes in; then user is ""."""

    user: str
    item: Item
    event: str
    timestamp: int


class Known:
    """What users met by now. limit: newest events of each."""

    def __init__(self, setting: Setting) -> None:
        self._dataset = setting.trace.dataset
        self._limit = setting.scenario.requests.history
        self._users = {user_id: user for user, user_id in enumerate(self._dataset.user_ids)}
        self.store = ProfileStore(self._dataset.by_user, setting.scenario.profile_options)

    def item_ids_of(self, user: str) -> tuple[str, ...]:
        """The ids of the items of their events, oldest first."""
        items = self.store.history(self._users[user]).items[-self._limit :]
        return tuple(self._dataset.items[item].item_id for item in items.tolist())


class Asking:
    """Requests in words. Histories are those of the data before a block and of the feedback within it."""

    def __init__(self, setting: Setting) -> None:
        self._dataset = setting.trace.dataset
        self._k = setting.scenario.requests.k
        self._known = Known(setting)

    def rewind(self, first: Request) -> None:
        """Know the data's events before this request, and no feedback."""
        self._known.store.rewind(first.timestamp_s)

    def asked(self, request: Request) -> AskedFor:
        """A request for a list."""
        user_id = self._dataset.user_ids[request.user]
        return AskedFor(user_id, self._k, request.query, request.timestamp_s, self._known)

    def event(self, request: Request) -> Told:
        """A FEEDBACK, remembered for later histories, or an INGEST."""
        user = ""
        if request.kind is RequestKind.FEEDBACK:
            user = self._dataset.user_ids[request.user]
            self._known.store.record(request.user, request.item, request.event_kind, request.timestamp_s)
        return Told(user, self._dataset.items[request.item], request.event_kind.name.lower(), request.timestamp_s)


class Naming:
    """From a list of ids to positions, cut to the k best."""

    def __init__(self, dataset: Dataset, k: int) -> None:
        self._positions = {item.item_id: place for place, item in enumerate(dataset.items)}
        self._k = k

    def recommendation(self, item_ids: Sequence[object]) -> Recommendation:
        """Raises WrongAnswer for ids that the data lacks, and for one that stands there twice."""
        names = tuple(map(_name, item_ids[: self._k]))
        positions = [self._positions.get(name, -1) for name in names]
        if -1 in positions:
            raise WrongAnswer("it holds an item that the data lacks")
        if len(set(positions)) < len(positions):
            raise WrongAnswer("it holds an item twice")
        return Recommendation(names, (), np.array(positions, np.int32))


def _name(item_id: object) -> str:
    if isinstance(item_id, str):
        return item_id
    if isinstance(item_id, int) and not isinstance(item_id, bool):
        return str(item_id)
    raise WrongAnswer("it holds something that is no item id")
