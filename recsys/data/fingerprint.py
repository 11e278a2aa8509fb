"""The identity of a data set: a hash over its content, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recsys.data.impressions import Impressions
from recsys.types import Events, Item


def content_sha256(
    items: Sequence[Item],
    user_ids: Sequence[str],
    events: Events,
    sessions: npt.NDArray[np.int32] | None = None,
    texts: Mapping[int, str] | None = None,
    impressions: Impressions | None = None,
) -> str:
    """Hex SHA-256 over the content in its order; the data set's name and licence do not enter.

    What a data set does not have leaves no trace in it.
    """
    digest = hashlib.sha256()
    for item in items:
        fields = [item.item_id, item.title, item.text, item.category, item.published_s]
        digest.update(json.dumps(fields).encode("ascii"))
    digest.update(json.dumps(list(user_ids)).encode("ascii"))
    _add(digest, (events.timestamp_s, "<i8"), (events.user, "<i4"), (events.item, "<i4"), (events.kind, "i1"))
    if events.amount is not None:
        digest.update(b"amount")
        _add(digest, (events.amount, "<f4"))
    if sessions is not None:
        digest.update(b"sessions")
        _add(digest, (sessions, "<i4"))
    if texts:
        digest.update(b"texts" + json.dumps(sorted(texts.items())).encode("ascii"))
    if impressions is not None:
        digest.update(b"impressions")
        _add(digest, (impressions.timestamp_s, "<i8"), (impressions.user, "<i4"), (impressions.offsets, "<i8"))
        _add(digest, (impressions.items, "<i4"), (impressions.clicked, "?"))
    return digest.hexdigest()


def _add(digest: hashlib._Hash, *columns: tuple[npt.NDArray[np.generic], str]) -> None:
    """The bytes of columns as these types, which copies none that has its type already."""
    for column, dtype in columns:
        digest.update(np.ascontiguousarray(column, dtype).data)
