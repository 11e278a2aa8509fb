"""The histories that are kept are those that the recommender had, not those that the data end with."""

from dataclasses import replace

import numpy as np
from small_data import dataset_of
from small_recommender import make_scenario

from bench.measure.slices import Slice
from bench.scenario import LoadPoint, LoadTable
from bench.text_rows import text_rows
from bench.traffic.trace import NO_ITEM, NOBODY, Trace
from recsys.types import EventKind, RequestKind

POINT = LoadPoint("offline", LoadTable(kind="offline", requests=1), None)
ARM = {"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}
NEW = 3
"""Published at 15 s, met by user 0 at 16 s."""


def dataset():
    made = dataset_of([(1, 0, 0), (2, 1, 1), (3, 0, 2), (16, 0, NEW), (40, 1, 4)])
    items = list(made.items)
    items[NEW] = replace(items[NEW], published_s=25)
    return replace(made, items=tuple(items), texts={2: "liked it", 3: "early"})


def trace(*requests):
    """(kind, user, time, item) each; the second list has a query."""
    kind, user, time_s, item = zip(*requests, strict=True)
    return Trace(
        kind=np.array(kind, np.int8),
        user=np.array(user, np.int32),
        timestamp_s=np.array(time_s, np.int64),
        item=np.array(item, np.int32),
        event_kind=np.full(len(kind), EventKind.CLICK, np.int8),
        dataset=dataset(),
        queries={1: "a teapot"},
    )


def asked(user, time_s):
    return RequestKind.RECOMMEND, user, time_s, NO_ITEM


def rows(made, *parts, history=10):
    scenario = make_scenario(ARM, requests={"history": history})
    slices = [Slice(POINT, block, low, high) for block, (low, high) in enumerate(parts)]
    return text_rows(scenario, made, slices).to_pylist()


def test_a_history_ends_where_the_slice_begins_and_goes_on_with_its_feedback():
    made = trace(asked(0, 5), asked(0, 20), (RequestKind.FEEDBACK, 0, 21, 4), asked(0, 22), asked(1, 23))
    kept = rows(made, (0, 2), (2, 5))
    assert [each["row"] for each in kept] == [0, 1, 3, 4]
    assert [each["history_item_ids"] for each in kept] == [["i0", "i2"], ["i0", "i2"], ["i0", "i2", "i4"], ["i1"]]
    assert [each["query"] for each in kept] == [None, "a teapot", None, None]
    assert kept[2]["history_words"] == [None, "liked it", None], "feedback brings no words"
    titles = {item.item_id: item.title for item in made.dataset.items}
    assert all(each["history_titles"] == [titles[name] for name in each["history_item_ids"]] for each in kept)


def test_an_item_that_is_not_known_yet_is_in_no_history_until_it_comes_in():
    made = trace(asked(0, 20), (RequestKind.INGEST, NOBODY, 21, NEW), asked(0, 22))
    kept = rows(made, (0, 3))
    assert [each["history_item_ids"] for each in kept] == [["i0", "i2"], ["i0", "i2", "i3"]]
    assert kept[1]["history_words"] == [None, "liked it", "early"]


def test_only_the_newest_events_count():
    kept = rows(trace(asked(0, 5)), (0, 1), history=1)
    assert kept[0]["history_item_ids"] == ["i2"]
    assert kept[0]["history_words"] == ["liked it"]


def test_no_list_no_rows():
    assert rows(trace((RequestKind.FEEDBACK, 0, 21, 4)), (0, 1)) == []
