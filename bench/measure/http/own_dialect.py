"""The dialect of this project's own service (bench.service)."""

from __future__ import annotations

import json
import re
from typing import Any

from bench.measure.asked import Naming
from bench.measure.http.address import Address
from bench.measure.http.failures import WrongBody
from bench.measure.http.message import Form
from bench.measure.http.parts import parts_ns
from bench.measure.http.reply import Reply
from bench.measure.http.status import content_of, require_good
from recsys.data import Dataset
from recsys.types import Recommendation, Request, RequestKind

PATHS = {RequestKind.RECOMMEND: "/recommend", RequestKind.FEEDBACK: "/feedback", RequestKind.INGEST: "/items"}

_TOKENS = re.compile(r"[0-9]{1,9}")
"""What a request can have: it is kept in 32 bits."""


class OwnDialect:
    """Names users and items by their ids; k: length of a list."""

    def __init__(self, address: Address, dataset: Dataset, k: int) -> None:
        self._forms = {kind: Form("POST", address, path, {}) for kind, path in PATHS.items()}
        self._user_ids = dataset.user_ids
        self._items = dataset.items
        self._naming = Naming(dataset, k)
        self._k = k

    def message(self, request: Request) -> bytes:
        """The request to the route of its kind."""
        content: dict[str, Any] = {"timestamp": request.timestamp_s}
        if request.kind is not RequestKind.INGEST:
            content["user"] = self._user_ids[request.user]
        if request.kind is RequestKind.RECOMMEND:
            content |= {"k": self._k, "query": request.query}
        else:
            content["item"] = self._items[request.item].item_id
        if request.kind is RequestKind.FEEDBACK:
            content["event"] = request.event_kind.name.lower()
        return self._forms[request.kind].filled(json.dumps(content).encode())

    def answer(self, request: Request, reply: Reply) -> Recommendation | None:
        """A list; None where the effect is all."""
        if request.kind is not RequestKind.RECOMMEND:
            require_good(reply)
            return None
        try:
            item_ids = [item["id"] for item in content_of(reply)["items"]]
        except (KeyError, TypeError) as error:
            raise WrongBody("the answer has no items with ids") from error
        return self._naming.recommendation(item_ids)

    def lengths_ns(self, reply: Reply, took_ns: int) -> dict[str, int]:
        """Every stage, from Server-Timing."""
        return parts_ns(reply, took_ns)

    def tokens(self, reply: Reply) -> int | None:
        """In a header of the answer."""
        stated = reply.headers.get("x-tokens", "")
        return int(stated) if _TOKENS.fullmatch(stated) else None
