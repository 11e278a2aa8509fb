"""Logged candidates, ranked: the metrics by hand and by scikit-learn, and which items and which state are used."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score
from small_data import dataset_of, make_dataset
from small_recommender import make_recommender

from recsys.data.impressions import Impressions
from recsys.impression_ranking import ShownOnly, impression_quality, judgeable, shown_scores
from recsys.types import Request, RequestKind


def impressions_of(*lists, users=None, times_s=None):
    """lists: of (item, clicked)."""
    n = len(lists)
    rows = [row for shown in lists for row in shown]
    return Impressions(
        np.array(times_s if times_s is not None else range(n), np.int64),
        np.array(users if users is not None else [0] * n, np.int32),
        np.concatenate([[0], np.cumsum([len(shown) for shown in lists])]).astype(np.int64),
        np.array([item for item, _ in rows], np.int32),
        np.array([clicked for _, clicked in rows], bool),
    )


def quality_of(impressions, scores):
    found = impression_quality(np.array(scores, np.float32), impressions)
    return {f"{metric}@{k}" if k else metric: values.tolist() for (metric, k), values in found.items()}


def test_by_hand():
    """By score: 7, 3, 9 with 3 clicked; then 4, 5 in the order of positions, since they tie, with 5 clicked."""
    shown = impressions_of([(3, True), (7, False), (9, False)], [(5, True), (4, False)])
    found = quality_of(shown, [0.5, 0.9, 0.1, 0.2, 0.2])
    assert found["auc"] == [0.5, 0.5]
    assert found["mrr"] == [0.5, 0.5]
    assert found["ndcg@5"] == found["ndcg@10"] == pytest.approx([1 / np.log2(3)] * 2)


def test_what_the_recommender_does_not_list_stands_last():
    shown = impressions_of([(3, False), (7, True), (9, False)])
    found = quality_of(shown, [-np.inf, -1.0, -np.inf])
    assert (found["auc"], found["mrr"]) == ([1.0], [1.0])


SHOWN = st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=30).filter(
    lambda rows: len({clicked for clicked, _ in rows}) == 2
)


@given(st.lists(SHOWN, min_size=1, max_size=5))
def test_auc_is_that_of_scikit_learn(lists):
    shown = impressions_of(*[[(place, clicked) for place, (clicked, _) in enumerate(rows)] for rows in lists])
    scores = [score for rows in lists for _, score in rows]
    expected = [roc_auc_score([row[0] for row in rows], [row[1] for row in rows]) for rows in lists]
    assert quality_of(shown, scores)["auc"] == pytest.approx(expected)


@pytest.mark.parametrize("k", [5, 10])
def test_ndcg_is_that_of_scikit_learn(k):
    rng = np.random.default_rng(k)
    sizes = rng.integers(2, 40, 50)
    clicked = [np.append(rng.random(size - 1) < 0.2, True) for size in sizes]
    scores = [rng.random(size) for size in sizes]
    shown = impressions_of(*[[(place, hit) for place, hit in enumerate(hits)] for hits in clicked])
    expected = [ndcg_score([hits], [values], k=k) for hits, values in zip(clicked, scores, strict=True)]
    assert quality_of(shown, np.concatenate(scores))[f"ndcg@{k}"] == pytest.approx(expected)


def test_only_impressions_with_both_sorts_since_t0_are_judged():
    shown = impressions_of(
        [(0, True), (1, False)], [(0, True)], [(0, False), (1, False)], [(2, False), (1, True)], times_s=[1, 5, 6, 7]
    )
    kept = judgeable(shown, 2)
    assert kept.timestamp_s.tolist() == [7]
    assert kept.items.tolist() == [2, 1]
    assert len(judgeable(shown, 8)) == 0


@pytest.mark.parametrize("arm", [{}, {"ranking": {"kind": "hybrid", "weight": 0.3}}])
def test_exactly_the_shown_items_are_ranked_as_in_the_whole_catalogue_seen_ones_too(arm):
    dataset = make_dataset()
    recommender = make_recommender(
        dataset, "tfidf", "none", arm=arm, retrieval={"exclude_seen": False, "candidates": 40}, requests={"k": 40}
    )
    now_s = int(dataset.events.timestamp_s[-1])
    everything = np.random.default_rng(1).permutation(40)
    shown = impressions_of(
        *[[(item, True) for item in everything[:n]] for n in (3, 40, 1)], users=[1, 2, 3], times_s=[now_s] * 3
    )
    scores = shown_scores(recommender, shown)
    recommender.rewind(now_s)
    asked = [Request(row, RequestKind.RECOMMEND, user, now_s) for row, user in enumerate((1, 2, 3))]
    whole = recommender.scores(asked)
    for row in range(3):
        low, high = shown.offsets[row : row + 2]
        np.testing.assert_allclose(scores[low:high], whole[row][shown[row].items], rtol=1e-6)
    answers = ShownOnly(recommender, shown).recommend(asked)
    assert [sorted(answer.positions.tolist()) for answer in answers] == [
        sorted(shown[row].items.tolist()) for row in range(3)
    ]


def test_an_impression_knows_what_was_before_it_and_no_more():
    """User 0 meets item 1 at 10: before that, it says nothing of the user; afterwards, item 1 is the user's taste."""
    dataset = dataset_of([(1, 1, 0), (10, 0, 1), (20, 1, 2)])
    recommender = make_recommender(
        dataset, "tfidf", "none", data={"kind": "embedded", "train_share": 0.5}, requests={"k": 2}
    )
    shown = impressions_of(*[[(1, True), (2, False)]] * 3, users=[0, 0, 0], times_s=[9, 10, 11])
    scores = shown_scores(recommender, shown).reshape(3, 2)
    assert scores[:, 0].tolist() == pytest.approx([0, 0, 1])


def test_an_item_that_is_not_known_yet_cannot_be_ranked():
    dataset = dataset_of([(1, 0, 0), (10, 0, 1), (20, 0, 2)])
    items = (*dataset.items[:4], dataclasses.replace(dataset.items[4], published_s=15))
    recommender = make_recommender(dataclasses.replace(dataset, items=items), "tfidf", "none", requests={"k": 2})
    shown = impressions_of([(1, True), (4, False)], [(1, True), (4, False)], times_s=[15, 16])
    assert np.isneginf(shown_scores(recommender, shown)).tolist() == [False, True, False, False]
