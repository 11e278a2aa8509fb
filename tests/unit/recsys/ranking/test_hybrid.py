"""Text and recent popularity on one scale, with candidates from both, and a weight chosen before t0."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import dataset_of
from small_recommender import ask, make_recommender

from recsys.catalogue import Catalogue
from recsys.encoders import build_encoder
from recsys.features.profile import ProfileOptions
from recsys.floors import recent_popularity_scores
from recsys.ranking import Material
from recsys.ranking.hybrid_weight import FALLBACK_WEIGHT, WeightSearch, choose_weight
from recsys.types import EventKind, Events, Request, RequestKind
from recsys.vectors import unit_rows

T0_S = 1_000
POPULAR = 9
"""Met by everyone but user 0 shortly before t0."""


def crowd(extra=()):
    """User 0 has met item 0; users 1 to 29 item 1 long ago, and item 9 lately. Then events after t0."""
    rows = [
        (1, 0, 0),
        *[(2 + user, user, 1) for user in range(1, 30)],
        *[(900 + user, user, 9) for user in range(1, 30)],
    ]
    after = [(T0_S + 100 + place, 0, 2) for place in range(15)]
    return dataset_of([*rows, *extra, *after], n_items=12, n_users=40)


def hybrid(dataset=None, as_of_s=T0_S, candidates=3, k=12, **ranking):
    ranking = {"kind": "hybrid", "weight": 0.5, "recent_share": 0.5} | ranking
    tables = {"requests": {"k": k}, "retrieval": {"candidates": candidates}}
    return make_recommender(
        crowd() if dataset is None else dataset, "fake", "offline", as_of_s, arm={"ranking": ranking}, **tables
    )


def z(values):
    return (values - values.mean()) / values.std()


def click(user, item):
    return Request(0, RequestKind.FEEDBACK, user, T0_S, item, EventKind.CLICK)


def test_the_score_is_the_published_formula_over_the_whole_catalogue():
    recommender = hybrid(weight=0.3, candidates=12)
    answer = recommender.recommend([ask(0, 0, T0_S)])[0]
    vectors = recommender.parts.encoder.encode(recommender.parts.catalogue.texts)
    training = crowd().events.take(slice(0, 59))
    recent = recent_popularity_scores(training, 12, 0.5)
    expected = z(vectors @ vectors[0]) + 0.3 * z(np.log1p(recent))
    assert answer.positions.tolist() == [item for item in np.argsort(-expected).tolist() if item != 0]
    assert answer.scores == pytest.approx(expected[answer.positions], abs=1e-4)


def test_the_candidates_are_the_union_of_what_is_near_and_what_is_popular():
    """With one candidate of the index, what everyone met lately is still found; without the union it cannot be."""
    near = hybrid(candidates=1, k=1, weight=0.0, popular=0).recommend([ask(0, 0, T0_S)])[0].positions.tolist()
    assert near != [POPULAR]
    both = hybrid(candidates=1, k=2, weight=0.0, popular=1).recommend([ask(0, 0, T0_S)])[0].positions.tolist()
    assert both == [*near, POPULAR]
    assert hybrid(candidates=1, k=1, weight=9.0, popular=1).recommend([ask(0, 0, T0_S)])[0].positions[0] == POPULAR
    assert hybrid(candidates=1, k=1, weight=9.0, popular=0).recommend([ask(0, 0, T0_S)])[0].positions.tolist() == near


def test_what_was_met_does_not_come_back_by_being_popular():
    answer = hybrid(weight=9.0).recommend([ask(5, 0, T0_S)])[0]
    assert not {1, POPULAR} & set(answer.positions.tolist())


def test_over_candidates_alone_the_scale_is_theirs():
    recommender = hybrid(scale="candidates", weight=0.3, candidates=12)
    scores = np.array(recommender.recommend([ask(0, 0, T0_S)])[0].scores)
    assert scores.mean() == pytest.approx(0, abs=1e-6)


def test_live_counts_follow_feedback_and_data_and_those_of_training_stay():
    live, still = hybrid(counts="live", weight=9.0, k=1), hybrid(weight=9.0, k=1)
    for recommender, expected in ((live, 4), (still, POPULAR)):
        for user in range(1, 40):
            recommender.update(click(user, 4))
        assert recommender.recommend([ask(0, 0, T0_S)])[0].positions[0] == expected
        recommender.rewind(T0_S)
        assert recommender.recommend([ask(0, 0, T0_S)])[0].positions[0] == POPULAR
    live.rewind(T0_S + 10_000)
    assert live.recommend([ask(39, 0, T0_S + 10_000)])[0].positions[0] == 2


def material(dataset, t0_s, vectors):
    return Material(dataset, Catalogue.of(dataset.items), vectors, build_encoder("fake"), t0_s, ProfileOptions(), 0)


def shoppers(content_share, seed=0, n_users=120, n_items=60):
    """Users who buy what resembles their first purchase, or else what everyone buys; vectors in two groups of items."""
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng.standard_normal((n_items, 4)) * 0.3 + np.eye(4)[np.arange(n_items) % 4])
    hits = rng.permutation(n_items)[:8]
    rows = []
    for user in range(n_users):
        taste = user % 4
        for step in range(10):
            near = int(rng.integers(n_items // 4)) * 4 + taste
            item = near if rng.random() < content_share else int(rng.choice(hits))
            rows.append((step * 1_000 + user, user, item))
    rows.sort()
    return dataset_of(rows, n_items=n_items, n_users=n_users), vectors


SEARCH = WeightSearch(grid=(0.0, 0.3, 1.0, 5.0), k=5)


def test_the_weight_follows_what_people_do():
    dataset, vectors = shoppers(content_share=1.0)
    by_taste = choose_weight(material(dataset, 9_000, vectors), SEARCH, 0.3)
    dataset, vectors = shoppers(content_share=0.1)
    by_fashion = choose_weight(material(dataset, 9_000, vectors), SEARCH, 0.3)
    assert by_taste.weight < 1.0 < by_fashion.weight
    assert by_fashion.recall[5.0] == max(by_fashion.recall.values()) > by_fashion.recall[0.0]
    assert by_fashion.users > 50


def test_what_happens_from_t0_on_has_no_say():
    dataset, vectors = shoppers(content_share=0.5)
    shuffled = np.where(dataset.events.timestamp_s >= 8_000, 0, dataset.events.item).astype(np.int32)
    columns = dataset.events
    other = replace(dataset, events=Events(columns.timestamp_s, columns.user, shuffled, columns.kind))
    one, two = (choose_weight(material(data, 8_000, vectors), SEARCH, 0.3) for data in (dataset, other))
    assert one == two
    assert choose_weight(material(other, 9_500, vectors), SEARCH, 0.3).recall != one.recall, (
        "seen, it would have had one"
    )


def test_with_nobody_to_choose_on_the_weight_is_a_usual_one():
    dataset = dataset_of([(1, 0, 0), (2, 1, 1), (3, 2, 2)])
    vectors = unit_rows(np.eye(5))
    assert choose_weight(material(dataset, 100, vectors), SEARCH, 0.3).weight == FALLBACK_WEIGHT
    assert choose_weight(material(dataset, 0, vectors), SEARCH, 0.3).weight == FALLBACK_WEIGHT


def test_on_word_counts_it_is_the_same_formula():
    dataset = crowd()
    ranking = {"ranking": {"kind": "hybrid", "weight": 0.3, "recent_share": 0.5}}
    tables = {"requests": {"k": 12}, "retrieval": {"candidates": 12}}
    recommender = make_recommender(dataset, "tfidf", "none", T0_S, arm=ranking, **tables)
    answer = recommender.recommend([ask(0, 0, T0_S)])[0]
    vectors = recommender.parts.encoder.encode(recommender.parts.catalogue.texts).toarray()
    recent = recent_popularity_scores(dataset.events.take(slice(0, 59)), 12, 0.5)
    expected = z(vectors @ vectors[0]) + 0.3 * z(np.log1p(recent))
    assert answer.scores == pytest.approx(expected[answer.positions], abs=1e-4)
