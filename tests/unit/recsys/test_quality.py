"""Quality metrics against values worked out by hand, against scikit-learn, and against each other."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import ndcg_score

from recsys import quality

RECOMMENDED = np.array([[4, 1, 7, 2], [5, 6, 0, 3], [1, 2, -1, -1], [0, 1, 2, 3]], np.int32)
RELEVANT = [np.array(items, np.int32) for items in ([1, 2, 9], [8], [2], [])]
N_RELEVANT = np.array([3, 1, 1, 0])
FOUND = quality.hits(RECOMMENDED, RELEVANT)
NAN = float("nan")


def test_hits():
    assert FOUND.astype(int).tolist() == [[0, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_an_item_listed_twice_is_found_once():
    assert quality.hits(np.array([[3, 3, 1, 3]], np.int32), [np.array([3], np.int32)]).tolist() == [
        [True, False, False, False]
    ]


@given(
    lists=arrays.arrays(np.int32, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(-1, 8)),
    data=st.data(),
)
def test_hits_are_those_that_each_list_has_by_itself(lists, data):
    relevant = [np.array(sorted(data.draw(st.sets(st.integers(0, 12)))), np.int32) for _ in lists]
    expected = [
        [item in wanted and item not in row[:place] for place, item in enumerate(row)]
        for row, wanted in zip(lists.tolist(), (set(items.tolist()) for items in relevant), strict=True)
    ]
    assert quality.hits(lists, relevant).tolist() == expected


def test_many_lists_are_judged_like_few(monkeypatch):
    random = np.random.default_rng(3)
    lists = random.integers(-1, 20, (50, 4)).astype(np.int32)
    relevant = [random.integers(0, 20, 6).astype(np.int32) for _ in lists]
    vectors = scipy.sparse.csr_array(random.random((20, 5)))
    found, varied = quality.hits(lists, relevant), quality.diversity(lists, vectors)
    monkeypatch.setattr(quality, "USERS_AT_ONCE", 7)
    assert (quality.hits(lists, relevant) == found).all()
    np.testing.assert_allclose(quality.diversity(lists, vectors), varied, rtol=1e-12)


@pytest.mark.parametrize(
    ("metric", "k", "expected"),
    [
        ("recall", 4, [2 / 3, 0, 1, NAN]),
        ("recall", 2, [1 / 3, 0, 1, NAN]),
        ("recall", 1, [0, 0, 0, NAN]),
        ("recall_capped", 2, [1 / 2, 0, 1, NAN]),
        ("recall_capped", 4, [2 / 3, 0, 1, NAN]),
        ("precision", 4, [2 / 4, 0, 1 / 4, NAN]),
        ("precision", 10, [2 / 10, 0, 1 / 10, NAN]),
        ("hit_rate", 4, [1, 0, 1, NAN]),
        ("hit_rate", 1, [0, 0, 0, NAN]),
        ("mrr", 4, [1 / 2, 0, 1 / 2, NAN]),
        ("mrr", 1, [0, 0, 0, NAN]),
        ("ndcg", 4, [
            (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / np.log2(4)), 0, 1 / np.log2(3), NAN,
        ]),
        ("ndcg", 2, [(1 / np.log2(3)) / (1 + 1 / np.log2(3)), 0, 1 / np.log2(3), NAN]),
    ],
)  # fmt: skip
def test_by_hand(metric, k, expected):
    np.testing.assert_allclose(quality.RANKING_METRICS[metric](FOUND, N_RELEVANT, k), expected, rtol=1e-12)


def test_ndcg_is_that_of_scikit_learn():
    random = np.random.default_rng(1)
    n_users, n_items, k = 40, 30, 10
    scores = random.random((n_users, n_items))
    truth = random.random((n_users, n_items)) < 0.2
    truth[:, 0] = True
    top = np.argsort(-scores, axis=1)[:, :k].astype(np.int32)
    found = quality.hits(top, [np.flatnonzero(row).astype(np.int32) for row in truth])
    ours = quality.ndcg(found, truth.sum(axis=1), k)
    theirs = [ndcg_score(truth[[user]], scores[[user]], k=k) for user in range(n_users)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@given(
    found=arrays.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 12))),
    more=st.integers(0, 20),
    k=st.integers(1, 15),
)
def test_bounds_and_relations(found, more, k):
    n_relevant = found.sum(axis=1) + more
    values = {name: metric(found, n_relevant, k)[n_relevant > 0] for name, metric in quality.RANKING_METRICS.items()}
    for value in values.values():
        assert ((value >= 0) & (value <= 1 + 1e-12)).all()
    assert (values["recall"] <= values["recall_capped"] + 1e-12).all()
    assert (values["mrr"] <= values["hit_rate"]).all()
    np.testing.assert_array_equal(values["hit_rate"] > 0, values["ndcg"] > 0)


def test_fidelity_counts_ties_as_hits():
    scores = np.array([[0.9, 0.5, 0.5, 0.5, 0.1]])
    for second in (1, 2, 3):
        assert quality.fidelity(np.array([[0, second]], np.int32), scores, 2, 0.0)[0] == 1
    assert quality.fidelity(np.array([[0, 4]], np.int32), scores, 2, 0.0)[0] == 0.5
    assert quality.fidelity(np.array([[0, 4]], np.int32), scores, 2, 0.4)[0] == 1


def test_fidelity_of_short_lists_and_small_catalogues():
    scores = np.array([[0.9, -np.inf, 0.5, -np.inf]])
    assert quality.fidelity(np.array([[0, 2, -1]], np.int32), scores, 3, 0.0)[0] == 1
    assert quality.fidelity(np.array([[0, -1, -1]], np.int32), scores, 3, 0.0)[0] == 0.5
    assert quality.fidelity(np.array([[0, 1, -1]], np.int32), scores, 3, 0.0)[0] == 0.5
    assert quality.fidelity(np.array([[0, 0, -1]], np.int32), scores, 3, 0.0)[0] == 0.5
    assert np.isnan(quality.fidelity(np.array([[0]], np.int32), np.array([[-np.inf]]), 1, 0.0)[0])


def test_fidelity_of_the_exact_ranking_is_one():
    scores = np.random.default_rng(2).random((20, 50))
    top = np.argsort(-scores, axis=1)[:, :10].astype(np.int32)
    assert (quality.fidelity(top, scores, 10, 0.0) == 1).all()
    assert (quality.fidelity(top[:, ::-1].copy(), scores, 10, 0.0) == 1).all()


def test_overlap():
    a = np.array([[1, 2, 3], [1, 2, 3], [1, -1, -1], [-1, -1, -1]], np.int32)
    b = np.array([[3, 2, 9], [4, 5, 6], [1, 2, -1], [-1, -1, -1]], np.int32)
    np.testing.assert_allclose(quality.overlap(a, b, 3), [2 / 3, 0, 1 / 2, NAN])
    np.testing.assert_allclose(quality.overlap(a, b, 3), quality.overlap(b, a, 3))
    np.testing.assert_allclose(quality.overlap(a, b, 1), [0, 0, 1, NAN])


def test_candidate_recall():
    candidates = [np.array([1, 2, 3]), np.array([], np.int32)]
    assert quality.candidate_recall(candidates, [np.array([3, 9]), np.array([1])]).tolist() == [0.5, 0]


def test_coverage_and_gini():
    lists = np.array([[0, 1], [0, -1]], np.int32)
    assert quality.coverage(lists, 4) == 0.5
    assert quality.exposure_gini(np.array([[0], [1], [2], [3]], np.int32), 4) == 0
    assert quality.exposure_gini(np.array([[2], [2]], np.int32), 4) == pytest.approx(0.75)
    assert np.isnan(quality.exposure_gini(np.array([[-1]], np.int32), 4))


def test_novelty_in_bits():
    counts = np.array([6, 2, 0, 0])
    lists = np.array([[0, 1], [2, -1], [-1, -1]], np.int32)
    np.testing.assert_allclose(
        quality.novelty(lists, counts), [-(np.log2(7 / 12) + np.log2(3 / 12)) / 2, -np.log2(1 / 12), NAN]
    )


def test_diversity_is_the_mean_over_pairs_and_a_zero_row_is_like_nothing():
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 0]], np.float32)
    pairs = [1 - 0.6, 1 - 0, 1 - 0]
    np.testing.assert_allclose(quality.diversity(np.array([[0, 1, 2]], np.int32), vectors), [np.mean(pairs)], rtol=1e-6)


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
def test_diversity(form):
    vectors = form(np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32))
    lists = np.array([[0, 1], [0, 2], [0, 3], [0, -1]], np.int32)
    np.testing.assert_allclose(quality.diversity(lists, vectors), [1, 0, 0.4, NAN], atol=1e-6)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 5))
def test_gini_is_half_the_mean_difference_relative_to_the_mean(shown, unseen):
    """By its other definition: Σ |x − y| / (2 n Σ x) over all ordered pairs, items that were never shown included."""
    if not sum(shown):
        assert np.isnan(quality.gini(np.array(shown), len(shown) + unseen))
        return
    everything = np.array([*shown, *[0] * unseen])
    expected = np.abs(everything[:, None] - everything).sum() / (2 * len(everything) * everything.sum())
    assert quality.gini(np.array(shown), len(everything)) == pytest.approx(expected)
