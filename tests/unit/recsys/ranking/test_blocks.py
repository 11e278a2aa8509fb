"""Named blocks under a user's own weights, given and learnt."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import dataset_of
from small_recommender import ask, ingest_of, make_recommender

from recsys.errors import BadOptions
from recsys.types import EventKind, Item, Request, RequestKind
from recsys.vectors import unit_rows

T0_S = 1_000
LOOKS_ALIKE, READS_ALIKE, OTHER = 1, 2, 3
"""User 0 to 2 have met item 0. Item 1 has its picture, item 2 its words, item 3 neither."""
ITEMS = (
    Item("met", "red kettle", category="kitchen"),
    Item("looks", "green chair", category="garden"),
    Item("reads", "red kettle", category="garden"),
    Item("other", "blue wool", category="kitchen"),
)
IMAGES = unit_rows([[1, 0], [1, 0], [0, 1], [0, 0]])


def dataset(items=ITEMS):
    rows = [(1, 0, 0), (2, 1, 0), (3, 2, 0), *[(T0_S + place, 3, 3) for place in range(3)]]
    return replace(dataset_of(rows, n_items=4, n_users=4), items=items, arrays={"image": IMAGES})


def blocks(importance, items=ITEMS, encoder="fake", placement="offline", **ranking):
    options = {"kind": "blocks", "importance": importance} | ranking
    return make_recommender(
        dataset(items),
        encoder,
        placement,
        T0_S,
        arm={"ranking": options},
        requests={"k": 3},
        retrieval={"candidates": 4},
    )


def first(recommender, user=0):
    return int(recommender.recommend([ask(user, 0, T0_S)])[0].positions[0])


def event(user, item, kind=EventKind.CLICK):
    return Request(0, RequestKind.FEEDBACK, user, T0_S, item, kind)


def test_users_with_different_importances_get_different_rankings():
    own = {"u1": {"text": 5.0, "image": 0.0}, "u2": {"image": 5.0}}
    recommender = blocks({"text": 0.0, "image": 1.0}, users=own)
    assert [first(recommender, user) for user in (0, 1, 2)] == [READS_ALIKE, LOOKS_ALIKE, READS_ALIKE]
    together = recommender.recommend([ask(user, user, T0_S) for user in (0, 1, 2)])
    lists = [answer.positions.tolist() for answer in together]
    assert lists[0] != lists[1]
    ranker = recommender.parts.ranker
    assert ranker.weights(1) == pytest.approx(np.exp([-5.0, 0.0]))
    assert ranker.weights(2) == pytest.approx(np.exp([0.0, -5.0])), "what is not said is as for all"


def test_as_stated_importance_takes_weight_away_and_the_switch_gives_it():
    importance = {"text": 0.0, "image": 2.0}
    assert first(blocks(importance)) == READS_ALIKE
    assert first(blocks(importance, importance_sign="more_is_more")) == LOOKS_ALIKE
    assert first(blocks(importance, alpha=0.5, importance_sign="more_is_more")) == LOOKS_ALIKE


def test_the_score_is_the_weighted_sum_of_the_cosines():
    answer = blocks({"text": 0.5, "category": 1.0, "image": 0.0}).recommend([ask(0, 0, T0_S)])[0]
    scores = dict(zip(answer.item_ids, answer.scores, strict=True))
    assert scores["reads"] == pytest.approx(np.exp(-0.5), abs=1e-6), "text 1, category 0, picture 0"
    alone = blocks({"text": 0.0}).recommend([ask(0, 0, T0_S)])[0]
    cosine = dict(zip(alone.item_ids, alone.scores, strict=True))
    assert scores["looks"] == pytest.approx(np.exp(-0.5) * cosine["looks"] + 1.0, abs=1e-6)
    assert scores["other"] == pytest.approx(np.exp(-0.5) * cosine["other"] + np.exp(-1.0), abs=1e-6)


def test_text_and_category_rank_as_the_plain_similarity_with_these_weights():
    named = blocks({"text": 0.0, "category": 3.0}).recommend([ask(0, 0, T0_S)])[0]
    ranking = {"kind": "similarity", "text": 1.0, "category": float(np.exp(np.float32(-3.0)))}
    tables = {"requests": {"k": 3}, "retrieval": {"candidates": 4}}
    plain = make_recommender(dataset(), "fake", "offline", T0_S, arm={"ranking": ranking}, **tables)
    other = plain.recommend([ask(0, 0, T0_S)])[0]
    assert named.item_ids == other.item_ids
    assert named.scores == pytest.approx(other.scores, abs=1e-6)


@pytest.mark.parametrize(("encoder", "placement"), [("fake", "offline"), ("tfidf", "none")])
def test_title_and_description_are_blocks_of_their_own(encoder, placement):
    items = (
        Item("met", "red kettle", "blue wool"),
        Item("same-title", "red kettle", "green chair"),
        Item("same-description", "steel lamp", "blue wool"),
        Item("untold", "green chair"),
    )
    for importance, expected in (({"title": 0.0}, 1), ({"description": 0.0}, 2)):
        recommender = blocks(importance, items, encoder, placement)
        answer = recommender.recommend([ask(0, 0, T0_S)])[0]
        assert answer.positions[0] == expected
        assert answer.scores[0] == pytest.approx(1, abs=1e-6)
    scores = dict(zip(answer.item_ids, answer.scores, strict=True))
    assert scores["untold"] == 0, "an item without a description has no such block"


@pytest.mark.parametrize(("encoder", "placement"), [("fake", "offline"), ("tfidf", "none")])
def test_an_item_that_comes_in_brings_its_title_and_description(encoder, placement):
    items = [*ITEMS]
    recommender = blocks({"title": 0.0, "description": 0.0}, items, encoder, placement)
    before = recommender.recommend([ask(0, 0, T0_S)])[0]
    items[0] = Item("met", "blue wool", "green chair")
    items[OTHER] = Item("other", "steel lamp", "green chair")
    recommender.ingest([ingest_of(0, 0), ingest_of(OTHER, 1)])
    answer = recommender.recommend([ask(0, 0, T0_S)])[0]
    assert answer.positions[0] == OTHER
    if encoder == "fake":
        fresh = blocks({"title": 0.0, "description": 0.0}, items).recommend([ask(0, 0, T0_S)])[0]
        assert answer.scores == pytest.approx(fresh.scores, abs=1e-6)
    recommender.rewind(T0_S)
    assert recommender.recommend([ask(0, 0, T0_S)])[0].scores == before.scores


def test_without_learning_feedback_changes_no_weight():
    recommender = blocks({"text": 1.0, "image": 1.0})
    first(recommender)
    recommender.update(event(0, LOOKS_ALIKE))
    assert recommender.parts.ranker.weights(0).tolist() == recommender.parts.ranker.weights(-1).tolist()


def test_a_click_moves_the_weights_of_its_user_toward_what_sets_the_item_apart():
    recommender = blocks({"text": 1.0, "image": 1.0}, learn={"rate": 0.5})
    weights = recommender.parts.ranker.weights
    given = weights(0).copy()
    record = recommender.parts.ranker.record
    record(event(0, LOOKS_ALIKE))
    assert weights(0).tolist() == given.tolist(), "nothing was shown yet"
    first(recommender)
    for kind in (EventKind.BROWSE, EventKind.DISLIKE):
        record(event(0, LOOKS_ALIKE, kind))
        assert weights(0).tolist() == given.tolist()
    record(event(0, LOOKS_ALIKE))
    assert weights(0)[1] > given[1]
    assert weights(0)[1] / weights(0)[0] > given[1] / given[0]
    assert weights(1).tolist() == given.tolist()
    recommender.rewind(T0_S)
    assert weights(0).tolist() == given.tolist()


def test_what_one_user_teaches_can_hold_for_all():
    recommender = blocks({"text": 1.0, "image": 1.0}, learn={"rate": 0.5, "scope": "all"})
    first(recommender)
    recommender.update(event(0, LOOKS_ALIKE))
    weights = recommender.parts.ranker.weights
    assert weights(1).tolist() == weights(0).tolist()
    assert weights(1)[1] > np.exp(-1.0)


def test_clicks_turn_the_list_round():
    recommender = blocks({"text": 0.0, "image": 1.0}, learn={"rate": 0.5})
    assert first(recommender) == READS_ALIKE
    for _ in range(10):
        first(recommender)
        recommender.parts.ranker.record(event(0, LOOKS_ALIKE))
    assert first(recommender) == LOOKS_ALIKE


def looking(n_users=60):
    """Users who always choose what looks like what they met before; words say nothing."""
    rng = np.random.default_rng(3)
    looks = np.arange(40) % 4
    rows = [
        (step * 100 + user, user, int(rng.choice(np.flatnonzero(looks == user % 4))))
        for step in range(8)
        for user in range(n_users)
    ]
    data = dataset_of(sorted(rows), n_items=40, n_users=n_users)
    return replace(data, arrays={"image": unit_rows(np.eye(4)[looks])})


def test_training_teaches_before_the_first_request_and_predicts_better_than_what_was_given():
    ranking = {"kind": "blocks", "importance": {"text": 0.0, "image": 2.0}}
    learn = {"rate": 0.3, "scope": "all", "training_events": 200}
    recommender = make_recommender(looking(), "fake", "offline", arm={"ranking": ranking | {"learn": learn}})
    described = recommender.parts.ranker.describe()
    assert described["training_events"] == 200
    assert described["log_loss"] < described["log_loss_of_given"]
    assert described["importance"]["image"] < 2.0, "as stated, less importance is more weight"
    assert described["weights"]["image"] > np.exp(-2.0) * 2
    recommender.rewind(0)
    assert recommender.parts.ranker.describe() == described


def test_what_the_data_lacks_is_refused_with_what_it_has():
    with pytest.raises(BadOptions, match='unknown block "imag".*did you mean "image".*Known: text.*arrays'):
        blocks({"imag": 1.0})
    with pytest.raises(BadOptions, match='unknown user "u9"'):
        blocks({"text": 1.0}, users={"u9": {"text": 0.0}})
    with pytest.raises(BadOptions, match='unknown block "image"'):
        blocks({"text": 1.0}, users={"u1": {"image": 0.0}})
