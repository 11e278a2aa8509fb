"""What a cache forgets when the world changes: the old text of a changed item, and on request a user's old profile."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import make_dataset
from small_recommender import LATER_S, Journal, ask, ingest_of, make_recommender

from bench.errors import ConfigError
from recsys.features.user_text import user_text
from recsys.types import EventKind, Request, RequestKind


def hits(recommender, texts):
    return recommender.parts.encoder.prepare(texts).hits.tolist()


def feedback(user, item):
    return Request(0, RequestKind.FEEDBACK, user, LATER_S, item, EventKind.CLICK)


def test_the_old_text_of_a_changed_item_is_dropped_and_that_of_an_unchanged_one_stays():
    dataset = make_dataset()
    items = list(dataset.items)
    recommender = make_recommender(replace(dataset, items=items), placement="items", arm={"cache": {}})
    old = list(recommender.parts.catalogue.texts)
    recommender.parts.encoder.encode(old)
    items[5] = replace(items[5], title="an altogether new name")
    recommender.ingest([ingest_of(5, 0), ingest_of(6, 1)])
    assert hits(recommender, [old[5], old[6], old[7]]) == [False, True, True]
    assert hits(recommender, [recommender.parts.catalogue.texts[5]]) == [True], "its new text was encoded when it came"


@pytest.mark.parametrize("forgets", [True, False])
def test_feedback_drops_the_users_old_profile_text_where_that_is_wanted(forgets):
    cache = {"forget_on_feedback": True} if forgets else {}
    recommender = make_recommender(make_dataset(), placement="profile", arm={"cache": cache})
    recommender.recommend([ask(0), ask(1, 1)])
    titles = recommender.parts.catalogue.titles
    profiles = recommender.parts.profiles
    old = [user_text(profiles.profile(profiles.history(user), LATER_S), titles) for user in (0, 1)]
    assert hits(recommender, old) == [True, True]
    recommender.feed_back(feedback(0, 7), Journal())
    assert hits(recommender, old) == [not forgets, True], "the other user's stays"
    before = recommender.parts.encoder.misses
    recommender.recommend([ask(0)])
    assert recommender.parts.encoder.misses == before + 1, "the new text is another key, forgotten or not"


def test_lists_are_the_same_whatever_is_forgotten():
    answers = []
    for cache in ({}, {"forget_on_feedback": True}):
        recommender = make_recommender(make_dataset(), placement="profile", arm={"cache": cache})
        for user, item in ((0, 3), (1, 8), (0, 9)):
            recommender.recommend([ask(user)])
            recommender.feed_back(feedback(user, item), Journal())
        answers.append(recommender.recommend([ask(0), ask(1, 1)]))
    for kept, forgotten in zip(*answers, strict=True):
        assert np.array_equal(kept.positions, forgotten.positions)


@pytest.mark.parametrize("placement", ["items", "offline"])
def test_where_no_profile_text_is_encoded_there_is_none_to_forget(placement):
    with pytest.raises(ConfigError, match="forget_on_feedback"):
        make_recommender(make_dataset(), placement=placement, arm={"cache": {"forget_on_feedback": True}})
