"""The inverted index in two segments: when they are merged, and that the split cannot be seen."""

import numpy as np
import pytest
import scipy.sparse

from recsys.index.segments import Segments
from recsys.index.visibility import Visibility

N, TERMS = 100, 40


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return scipy.sparse.csr_array((rng.random((n, TERMS)) * (rng.random((n, TERMS)) < 0.2)).astype(np.float32))


def scores(segments, query):
    return segments.scores(query.indices, query.data)


def test_up_to_the_root_of_n_rows_wait_in_the_delta_and_then_they_are_merged():
    segments = Segments.of(rows(N, 0))
    base = segments.base
    for position in range(10):
        segments = segments.put(np.array([position], np.int32), rows(1, position))
        segments = segments.put(np.array([position], np.int32), rows(1, 50 + position))
        assert segments.base is base
        assert len(segments.delta.positions) == position + 1, "an item put twice is there once"
    segments = segments.put(np.array([10], np.int32), rows(1, 10))
    assert segments.delta is None
    assert segments.base is not base


def test_before_and_after_a_merge_the_scores_are_the_same_to_the_bit():
    segments = Segments.of(rows(N, 0)).put(np.array([3, 99, 50], np.int32), rows(3, 1))
    whole = segments.merged()
    assert whole.delta is None
    assert whole.merged() is whole
    for seed in range(20):
        query = rows(1, 100 + seed)
        assert scores(segments, query).tobytes() == scores(whole, query).tobytes()
        assert scores(whole, query) == pytest.approx((whole.vectors @ query.T).toarray().ravel(), abs=1e-5)


def test_a_search_under_way_keeps_the_segments_it_began_with():
    before = Segments.of(rows(N, 0))
    first = before.put(np.array([3], np.int32), rows(1, 1))
    query = rows(1, 2)
    expected = scores(before, query), scores(first, query)
    first.put(np.array([3, 4], np.int32), rows(2, 3))
    assert (scores(before, query) == expected[0]).all()
    assert (scores(first, query) == expected[1]).all()


def test_rows_without_a_term_and_queries_without_a_common_one_score_0():
    empty = scipy.sparse.csr_array((1, TERMS), dtype=np.float32)
    segments = Segments.of(rows(N, 0)).put(np.array([5], np.int32), empty)
    assert scores(segments, rows(1, 2))[5] == 0.0
    assert (scores(segments, empty) == 0.0).all()
    lone = scipy.sparse.csr_array((np.ones(1, np.float32), ([0], [7])), shape=(1, TERMS))
    other = scipy.sparse.csr_array((np.ones(1, np.float32), ([0], [8])), shape=(1, TERMS))
    assert scores(Segments.of(rows(N, 0)).put(np.array([5], np.int32), lone), other)[5] == 0.0


def test_while_nothing_is_hidden_the_scores_are_not_even_looked_at():
    untouchable = object()
    visible = Visibility()
    assert visible.mask(untouchable) is untouchable
    visible.rewind(np.array([1, 2], np.int32))
    visible.show(np.array([2, 1, 9], np.int32))
    assert visible.mask(untouchable) is untouchable, "nor when all have come"


def test_without_a_put_there_is_no_delta():
    assert Segments.of(rows(N, 0)).delta is None
