"""The rows of texts.parquet: what users typed and the histories of their lists, stored only when that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.measure.slices import Slice
from bench.scenario import Scenario
from bench.traffic.trace import Trace
from recsys.catalogue import Catalogue, CleanItem
from recsys.features.profile import ProfileStore
from recsys.types import Positions, Request, RequestKind

_NOT_OF_THE_DATA = -1
"""In place of an event's row, for feedback: it brings no words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a list. row: of the trace; items int32 [h]: its history, oldest first, as every arm had it.

    events int64 [h]: rows of the data's events, -1 for feedback.
    """

    row: int
    query: str
    items: Positions
    events: npt.NDArray[np.int64]


def text_rows(scenario: Scenario, trace: Trace, slices: Sequence[Slice]) -> pa.Table:
    """One row a request for a list, in the order of the trace. Texts as the data have them, without planted noise."""
    asked = list(_asked(scenario, trace, slices))
    dataset = trace.dataset
    offsets = np.concatenate([[0], np.cumsum([len(each.items) for each in asked])]).astype(np.int32)
    items = pa.array(_joined([each.items for each in asked]))
    ids = pa.array([item.item_id for item in dataset.items], pa.string())
    titles = pa.array([item.title for item in dataset.items], pa.string())
    words = [dataset.texts.get(event) for event in _joined([each.events for each in asked]).tolist()]
    columns = {
        "row": pa.array([each.row for each in asked], pa.int64()),
        "query": pa.array([each.query or None for each in asked], pa.string()),
        "history_item_ids": pa.ListArray.from_arrays(pa.array(offsets), ids.take(items)),
        "history_titles": pa.ListArray.from_arrays(pa.array(offsets), titles.take(items)),
        "history_words": pa.ListArray.from_arrays(pa.array(offsets), pa.array(words, pa.string())),
    }
    return pa.table(columns)


def _asked(scenario: Scenario, trace: Trace, slices: Sequence[Slice]) -> Iterator[Asked]:
    """The requests for a list; the world is set back before each slice and moves on in it, as when it was served."""
    dataset, history = trace.dataset, scenario.requests.history
    profiles = ProfileStore(dataset.by_user, scenario.profile_options)
    catalogue = Catalogue.of(dataset.items, str)
    event_rows = np.argsort(dataset.events.user, kind="stable")
    for part in slices:
        requests = trace.requests(part.low, part.high)
        profiles.rewind(requests[0].timestamp_s)
        catalogue.rewind(requests[0].timestamp_s)
        for request in requests:
            if request.kind is RequestKind.FEEDBACK:
                profiles.record(request.user, request.item, request.event_kind, request.timestamp_s)
            elif request.kind is RequestKind.INGEST:
                catalogue.put([request.item], [CleanItem.of(dataset.items[request.item], str)])
            else:
                items = profiles.history(request.user).items
                events = _event_rows(event_rows, trace, request, requests[0].timestamp_s, len(items))
                known = ~catalogue.hidden[items]
                items, events = items[known][-history:], events[known][-history:]
                yield Asked(part.low + request.row, request.query, items, events)


def _event_rows(
    event_rows: npt.NDArray[np.int64], trace: Trace, request: Request, as_of_s: int, n: int
) -> npt.NDArray[np.int64]:
    """Rows of the data's events for the n events of a user's history. event_rows: sorted by user, then time."""
    by_user = trace.dataset.by_user
    first = int(by_user.offsets[request.user])
    rows = np.full(n, _NOT_OF_THE_DATA, np.int64)
    of_data = len(by_user.before(request.user, as_of_s))
    rows[:of_data] = event_rows[first : first + of_data]
    return rows


def _joined(parts: Sequence[npt.NDArray[np.integer]]) -> npt.NDArray[np.integer]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
