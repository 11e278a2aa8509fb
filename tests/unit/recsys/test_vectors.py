"""Arithmetic on vectors, against numpy."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from recsys.vectors import dot_at, weighted_means

cases = st.tuples(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 9), st.integers(0, 5))


def draw(case):
    """Sparse-looking vectors and groups of rows with weights; rows repeat, and some groups are empty."""
    seed, n, dim, groups = case
    rng = np.random.default_rng(seed)
    vectors = (rng.standard_normal((n, dim)) * (rng.random((n, dim)) < 0.4)).astype(np.float32)
    rows = [rng.integers(0, n, rng.integers(0, 6)).astype(np.int32) for _ in range(groups)]
    weights = [rng.random(len(group)).astype(np.float32) for group in rows]
    return vectors, rows, weights


def by_hand(vectors, rows, weights):
    means = np.zeros((len(rows), vectors.shape[1]))
    for place, (group, weight) in enumerate(zip(rows, weights, strict=True)):
        for row, factor in zip(group, weight, strict=True):
            means[place] += float(factor) * vectors[row].astype(float)
        norm = np.linalg.norm(means[place])
        means[place] /= norm or 1
    return means


@given(cases)
def test_dense_and_sparse_are_the_weighted_mean_scaled_to_length_1(case):
    vectors, rows, weights = draw(case)
    expected = by_hand(vectors, rows, weights)
    dense = weighted_means(vectors, rows, weights)
    sparse = weighted_means(scipy.sparse.csr_array(vectors), rows, weights)
    assert dense.shape == sparse.shape == expected.shape
    assert dense.dtype == sparse.dtype == np.float32
    assert dense == pytest.approx(expected, abs=1e-5)
    assert sparse.toarray() == pytest.approx(expected, abs=1e-5)


@given(cases)
def test_a_sparse_result_is_a_sound_csr_array(case):
    vectors, rows, weights = draw(case)
    means = weighted_means(scipy.sparse.csr_array(vectors), rows, weights)
    assert isinstance(means, scipy.sparse.csr_array)
    means.check_format(full_check=True)
    assert means.has_canonical_format


def test_an_empty_group_and_one_of_zero_rows_are_0():
    vectors = np.array([[0, 0], [3, 4]], np.float32)
    nothing, zero, one = np.zeros(0, np.int32), np.array([0], np.int32), np.array([1], np.int32)
    weights = [np.zeros(0, np.float32), np.ones(1, np.float32), np.full(1, 0.5, np.float32)]
    for given_vectors in (vectors, scipy.sparse.csr_array(vectors)):
        means = weighted_means(given_vectors, [nothing, zero, one], weights)
        dense = means.toarray() if scipy.sparse.issparse(means) else means
        assert dense == pytest.approx(np.array([[0, 0], [0, 0], [0.6, 0.8]]))


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("positions", [[], [2], [4, 0, 2, 2, 5]])
def test_products_with_a_few_rows_are_those_of_the_rows_taken_out(form, positions):
    """Row 4 is zero throughout."""
    rng = np.random.default_rng(8)
    dense = rng.random((6, 9)).astype(np.float32) * (rng.random((6, 9)) < 0.5)
    dense[4] = 0
    vectors, user = form(dense.astype(np.float32)), form(dense[[3]].astype(np.float32))
    chosen = np.array(positions, np.int32)
    products = dot_at(vectors, chosen, user)
    np.testing.assert_allclose(products, dense[chosen] @ dense[3], rtol=1e-6)
    assert products.dtype == np.float32
