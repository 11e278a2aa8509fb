"""The identity of a data set: a hash over its content, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from recsys.types import Events, Item


def content_sha256(items: Sequence[Item], user_ids: Sequence[str], events: Events) -> str:
    """Hex SHA-256 over items, user names and events, in their order; the data set's name and licence do not enter."""
    digest = hashlib.sha256()
    for item in items:
        fields = [item.item_id, item.title, item.text, item.category, item.published_s]
        digest.update(json.dumps(fields).encode("ascii"))
    digest.update(json.dumps(list(user_ids)).encode("ascii"))
    digest.update(events.timestamp_s.astype("<i8").tobytes())
    for column in (events.user, events.item):
        digest.update(column.astype("<i4").tobytes())
    digest.update(events.kind.astype("i1").tobytes())
    return digest.hexdigest()
