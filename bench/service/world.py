"""The names that clients use, and the requests that the recommender takes."""

from __future__ import annotations

from collections.abc import Mapping

from bench.service.bodies import EVENT_KINDS, FeedbackBody, ItemBody, RecommendBody
from bench.service.refusals import bad_request, not_found
from recsys.data import Dataset
from recsys.types import Request, RequestKind

NOBODY = -1


class World:
    """Users and items of a data set by name. k: longest list. now_s: the time of a request that names none.

    Rows are given where a request enters the queue.
    """

    def __init__(self, dataset: Dataset, k: int) -> None:
        self._users = {user_id: user for user, user_id in enumerate(dataset.user_ids)}
        self._items = {item.item_id: place for place, item in enumerate(dataset.items)}
        self._k = k
        self.end_s = int(dataset.events.timestamp_s[-1]) + 1 if len(dataset.events) else 0
        self.now_s = self.end_s

    def for_a_list(self, body: RecommendBody) -> Request:
        """Raises Refusal: 404 for a user who is not known, 400 for more items than a list has."""
        if body.k is not None and body.k > self._k:
            raise bad_request(f"k = {body.k}, but this service makes lists of at most {self._k}")
        user = _place(self._users, "user", body.user)
        return Request(0, RequestKind.RECOMMEND, user, self._time_s(body.timestamp), query=body.query)

    def of_an_event(self, body: FeedbackBody) -> Request:
        """Raises Refusal: 404 for a user or item that is not known."""
        user, item = _place(self._users, "user", body.user), _place(self._items, "item", body.item)
        return Request(
            0, RequestKind.FEEDBACK, user, self._time_s(body.timestamp), item=item, event_kind=EVENT_KINDS[body.event]
        )

    def of_an_item(self, body: ItemBody) -> Request:
        """Raises Refusal: 404 for an item that is not known."""
        item = _place(self._items, "item", body.item)
        return Request(0, RequestKind.INGEST, NOBODY, self._time_s(body.timestamp), item=item)

    def _time_s(self, timestamp: int | None) -> int:
        return self.now_s if timestamp is None else timestamp


def _place(known: Mapping[str, int], what: str, name: str) -> int:
    place = known.get(name)
    if place is None:
        raise not_found(f"unknown_{what}", f"this {what} is none of the {len(known):,} of the service's data")
    return place
