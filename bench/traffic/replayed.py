"""Requests from a file: rows of text to a trace and back, so that what was written replays to the last byte."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from bench.errors import ConfigError
from bench.traffic.request_file import COLUMNS, Row, format_of
from bench.traffic.trace import NO_EVENT, NO_ITEM, NOBODY, Trace
from recsys.data import Dataset
from recsys.data.times import epoch_seconds
from recsys.errors import did_you_mean
from recsys.types import EventKind, RequestKind

REQUEST_KINDS = MappingProxyType({kind.name.lower(): kind for kind in RequestKind})
EVENT_KINDS = MappingProxyType({kind.name.lower(): kind for kind in EventKind})
NEEDED = MappingProxyType(
    {
        RequestKind.RECOMMEND: frozenset({"user_id"}),
        RequestKind.FEEDBACK: frozenset({"user_id", "item_id"}),
        RequestKind.INGEST: frozenset({"item_id"}),
    }
)
"""Request kind → the cells that it must have, beside its time and kind."""
ALLOWED = MappingProxyType(
    {
        RequestKind.RECOMMEND: NEEDED[RequestKind.RECOMMEND] | {"query"},
        RequestKind.FEEDBACK: NEEDED[RequestKind.FEEDBACK] | {"event_kind"},
        RequestKind.INGEST: NEEDED[RequestKind.INGEST],
    }
)
"""Request kind → the cells that it may have; a cell that would have no effect is refused."""
LONGEST_VALUE = 60
"""Characters of a cell that a message shows."""
MOST_LISTED = 10
"""Known values that a message lists one by one."""
Known = TypeVar("Known", bound=int)


def replayed_requests(path: Path, dataset: Dataset, wanted: int, t0_s: int) -> Trace:
    """The first `wanted` requests of a file; what follows them stays unread.

    Raises ConfigError, which names row (the first under the header is 1) and value: for unknown users, items and kinds,
    cells that are missing or out of place, times that fall, lie before t0 or cannot be read, and too few rows.
    """
    checked = _CheckedRows(path, dataset, t0_s)
    for row in islice(format_of(path).read(path), wanted):
        checked.add(row)
    if len(checked) < wanted:
        raise ConfigError(
            f"requests file {path}: it has {len(checked)} requests, but the scenario wants {wanted}. "
            "Next: lower load.….requests, or give a longer file"
        )
    return checked.trace()


def rows_of(trace: Trace) -> Iterator[Row]:
    """The requests of a trace as they stand in a file, with the users' own ids."""
    user_ids, items = trace.dataset.user_ids, trace.dataset.items
    for request in trace.requests(0, len(trace)):
        yield (
            str(request.timestamp_s),
            request.kind.name.lower(),
            "" if request.user == NOBODY else user_ids[request.user],
            request.query,
            "" if request.item == NO_ITEM else items[request.item].item_id,
            request.event_kind.name.lower() if request.kind is RequestKind.FEEDBACK else "",
        )


class _CheckedRows:
    """Takes rows one by one, refuses what cannot be served, and keeps the others as compact columns."""

    def __init__(self, path: Path, dataset: Dataset, t0_s: int) -> None:
        self._path = path
        self._dataset = dataset
        self._t0_s = t0_s
        self._users = {user_id: user for user, user_id in enumerate(dataset.user_ids)}
        self._items = {item.item_id: place for place, item in enumerate(dataset.items)}
        self._kind, self._event_kind = array("b"), array("b")
        self._user, self._item = array("i"), array("i")
        self._time_s = array("q")
        self._queries: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._kind)

    def add(self, row: Row) -> None:
        """Keep one row. Raises ConfigError."""
        timestamp, kind_name, user_id, query, item_id, event_kind = row
        kind = self._known("request_kind", kind_name, REQUEST_KINDS)
        self._check_cells(kind, row)
        if query:
            self._queries[len(self)] = query
        self._time_s.append(self._seconds(timestamp))
        self._user.append(self._known("user_id", user_id, self._users) if user_id else NOBODY)
        self._item.append(self._known("item_id", item_id, self._items) if item_id else NO_ITEM)
        self._event_kind.append(self._known("event_kind", event_kind, EVENT_KINDS) if event_kind else NO_EVENT)
        self._kind.append(kind)  # last: the length is the number of whole rows

    def trace(self) -> Trace:
        """All rows that were kept."""
        return Trace(
            kind=np.array(self._kind, np.int8),
            user=np.array(self._user, np.int32),
            timestamp_s=np.array(self._time_s, np.int64),
            item=np.array(self._item, np.int32),
            event_kind=np.array(self._event_kind, np.int8),
            dataset=self._dataset,
            queries=self._queries,
        )

    def _check_cells(self, kind: RequestKind, row: Row) -> None:
        for name, cell in zip(COLUMNS[2:], row[2:], strict=True):
            if not cell and name in NEEDED[kind]:
                raise self._fault(f"{kind.name.lower()} without {name}", "fill it in, or leave the row out")
            if cell and name not in ALLOWED[kind]:
                fault = f'{name} "{_shown(cell)}" has no meaning for {kind.name.lower()}'
                raise self._fault(fault, "leave the cell blank")

    def _seconds(self, text: str) -> int:
        time_s = epoch_seconds(text)
        if math.isnan(time_s):
            raise self._fault(f'timestamp "{_shown(text)}" cannot be read', "give seconds since 1970 or ISO 8601")
        if self._time_s and time_s < self._time_s[-1]:
            fault = f'timestamp "{_shown(text)}" is earlier than that of the row above, {self._time_s[-1]} s'
            raise self._fault(fault, "sort the rows by timestamp")
        if time_s < self._t0_s:
            fault = f'timestamp "{_shown(text)}" lies before t0 = {self._t0_s} s: what is fitted would know the future'
            raise self._fault(fault, "leave such rows out, or lower data.train_share")
        return int(time_s)

    def _known(self, column: str, cell: str, known: Mapping[str, Known]) -> Known:
        """What a cell stands for: a kind, or the position of a user or item in the data."""
        if (meaning := known.get(cell)) is not None:
            return meaning
        there = ", ".join(known) if len(known) <= MOST_LISTED else f"the {len(known):,} of data {self._dataset.name}"
        fault = f'{column} "{_shown(cell)}" is unknown{did_you_mean(cell, known)}. Known: {there}'
        raise self._fault(fault, "mend the cell, or leave such rows out")

    def _fault(self, fault: str, next_step: str) -> ConfigError:
        return ConfigError(f"requests file {self._path}, row {len(self) + 1}: {fault}. Next: {next_step}")


def _shown(cell: str) -> str:
    return cell if len(cell) <= LONGEST_VALUE else f"{cell[:LONGEST_VALUE]}…"
