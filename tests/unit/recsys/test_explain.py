"""Why an item was recommended: parts, events and cosines that can be reckoned by hand."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import dataset_of
from small_recommender import ask, make_recommender

from recsys.explain import explain
from recsys.types import EventKind, Item, Request, RequestKind

LATER_S = 100
ITEMS = (
    Item("kettle", "red kettle", category="kitchen"),
    Item("pot", "red teapot", category="kitchen"),
    Item("lamp", "blue lamp", category="light"),
    Item("chair", "blue chair", category="seat"),
    Item("wool", "green wool", category="craft"),
)


def built(ranking=None, rows=((1, 0, 0), (2, 0, 2), (3, 0, 2)), **tables):
    made = dataset_of(list(rows), len(ITEMS))
    kinds = made.events.kind.copy()
    kinds[-1] = EventKind.PURCHASE
    made = replace(made, items=ITEMS, events=replace(made.events, kind=kinds))
    arm = {"ranking": ranking or {"kind": "similarity", "category": 0.5}}
    return make_recommender(made, "tfidf", "none", LATER_S, arm=arm, requests={"k": 3} | tables.pop("requests", {}))


def explained(recommender, query=""):
    return explain(recommender, ask(0, 0, LATER_S)._replace(query=query))


def test_it_is_the_answer_taken_apart():
    recommender = built()
    answer, told = recommender.recommend([ask(0, 0, LATER_S)])[0], explained(recommender)
    assert [item.item_id for item in told.items] == list(answer.item_ids)
    assert [item.score for item in told.items] == list(answer.scores)
    assert {item.item_id: item.title for item in told.items} == {
        item.item_id: item.title for item in ITEMS if item.item_id in answer.item_ids
    }
    for item in told.items:
        assert item.ranked == pytest.approx(item.score, abs=1e-6)
        assert [(part.name, part.weight) for part in item.parts] == [("text", 1.0), ("category", 0.5)]
        assert item.parts[0].value == pytest.approx(item.text_similarity)
        assert item.ranked == sum(part.share for part in item.parts)


def test_the_history_is_what_the_profile_weighs():
    told = explained(built())
    assert [(event.item_id, event.kind, event.timestamp_s) for event in told.history] == [
        ("kettle", EventKind.CLICK, 1), ("lamp", EventKind.CLICK, 2), ("lamp", EventKind.PURCHASE, 3),
    ]  # fmt: skip
    assert [event.weight for event in told.history] == pytest.approx([1 / 5, 1 / 5, 3 / 5])
    newest = explained(built(requests={"history": 2})).history
    assert [event.timestamp_s for event in newest] == [2, 3]


def test_the_nearest_events_are_cosines_of_the_arms_own_vectors():
    recommender = built()
    told = explained(recommender)
    vectors = recommender.parts.encoder.encode([item.title for item in ITEMS]).toarray()
    place = {item.item_id: row for row, item in enumerate(ITEMS)}
    for item in told.items:
        assert [near.event.item_id for near in item.nearest] == sorted(
            ("kettle", "lamp"),
            key=lambda name: (-(vectors[place[item.item_id]] @ vectors[place[name]]), name == "kettle"),
        ), "each item once, the nearest first, the newest of equals"
        for near in item.nearest:
            cosine = vectors[place[item.item_id]] @ vectors[place[near.event.item_id]]
            assert near.similarity == pytest.approx(cosine, abs=1e-6)
        strongest = next(near.event for near in item.nearest if near.event.item_id == "lamp")
        assert strongest.kind is EventKind.PURCHASE, "of two events with an item the one that weighs more"


def test_feedback_before_the_request_is_part_of_the_reason():
    recommender = built()
    recommender.update(Request(0, RequestKind.FEEDBACK, 0, LATER_S, 3, EventKind.CLICK))
    assert explained(recommender).history[-1].item_id == "chair"


def test_a_query_is_told_and_stands_for_the_user():
    told = explained(built(), "green things")
    assert told.query == "green things"
    assert told.items[0].item_id == "wool"
    assert len(told.history) == 3


def test_a_user_without_history_has_no_nearest_events():
    told = explain(built(), ask(1, 0, LATER_S))
    assert told.history == ()
    assert all(item.nearest == () for item in told.items)


def test_blocks_and_hybrid_name_their_parts():
    blocks = {"kind": "blocks", "alpha": 1.0, "importance": {"title": 1.0, "category": 0.0}}
    parts = explained(built(blocks)).items[0].parts
    assert [part.name for part in parts] == ["title", "category"]
    assert [part.weight for part in parts] == pytest.approx([np.exp(-1), 1.0])
    hybrid = explained(built({"kind": "hybrid", "weight": 0.5})).items[0].parts
    assert [(part.name, part.weight) for part in hybrid] == [("content", 1.0), ("popularity", 0.5)]
