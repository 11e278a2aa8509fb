"""Exact search, dense and sparse, against a full sort."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import BadOptions, UnknownKind
from recsys.index import best, build_index
from recsys.index.exact import ExactIndex
from recsys.index.sparse import SparseIndex

cases = st.tuples(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 8), st.integers(0, 4))


def draw(case):
    """Vectors with many zeros and few different values, so that scores tie; queries alike."""
    seed, n_items, dim, n_queries = case
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(-2, 3, (n, dim)) * (rng.random((n, dim)) < 0.5)).astype(np.float32) for n in (n_items, n_queries)
    ]


def full_sort(scores, n, exclude):
    allowed = [position for position in range(len(scores)) if position not in set(exclude)]
    return sorted(allowed, key=lambda position: (-scores[position], position))[:n]


@given(
    st.lists(
        st.sampled_from([-1.5, 0.0, 0.25, 0.5, 2.0]) | st.floats(-3, 3, width=32, allow_subnormal=False),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 45),
    st.integers(0, 2**40),
)
def test_the_best_are_those_of_a_full_sort_ties_by_position(scores, n, mask):
    exclude = [position for position in range(len(scores)) if mask >> position & 1]
    found = best(np.array(scores, np.float32), n, np.array(exclude, np.int32))
    assert found.positions.tolist() == full_sort(np.array(scores, np.float32).tolist(), n, exclude)
    assert found.scores.tolist() == np.array(scores, np.float32)[found.positions].tolist()
    assert (found.positions.dtype, found.scores.dtype) == (np.int32, np.float32)


@given(cases)
def test_sparse_scores_are_the_dense_product(case):
    items, queries = draw(case)
    index = build_index("sparse", scipy.sparse.csr_array(items))
    scores = index.scores(scipy.sparse.csr_array(queries))
    assert scores.shape == (len(queries), len(items))
    assert scores.dtype == np.float32
    assert scores == pytest.approx(queries @ items.T)


@given(cases, st.integers(1, 35))
def test_dense_and_sparse_find_the_same(case, n):
    items, queries = draw(case)
    exclude = [np.unique(np.arange(row, len(items), 3)).astype(np.int32) for row in range(len(queries))]
    dense = build_index("exact", items).search(queries, n, exclude)
    sparse = build_index("sparse", scipy.sparse.csr_array(items)).search(scipy.sparse.csr_array(queries), n, exclude)
    for one, other, query, left_out in zip(dense, sparse, queries, exclude, strict=True):
        assert one.positions.tolist() == other.positions.tolist() == full_sort(items @ query, n, left_out.tolist())


def test_without_a_kind_the_vectors_decide():
    assert isinstance(build_index(None, np.eye(3, dtype=np.float32)), ExactIndex)
    assert isinstance(build_index(None, scipy.sparse.csr_array(np.eye(3, dtype=np.float32))), SparseIndex)


def test_vectors_of_the_other_sort_are_refused_with_the_kind_to_take():
    with pytest.raises(BadOptions, match='kind = "sparse"'):
        build_index("exact", scipy.sparse.csr_array(np.eye(3, dtype=np.float32)))
    with pytest.raises(BadOptions, match='kind = "exact"'):
        build_index("sparse", np.eye(3, dtype=np.float32))
    with pytest.raises(UnknownKind, match="did you mean"):
        build_index("exakt", np.eye(3, dtype=np.float32))


@given(
    st.lists(st.sampled_from([-np.inf, -np.inf, -1.0, 0.0, 2.0]), min_size=1, max_size=20),
    st.integers(1, 25),
    st.integers(0, 2**20),
)
def test_minus_infinity_is_never_among_the_best(scores, n, mask):
    exclude = [position for position in range(len(scores)) if mask >> position & 1]
    found = best(np.array(scores, np.float32), n, np.array(exclude, np.int32))
    hidden = [position for position, score in enumerate(scores) if score == -np.inf]
    assert found.positions.tolist() == full_sort(scores, n, [*exclude, *hidden])
