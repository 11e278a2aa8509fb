"""The best of many scores: the same as sorting all of them, ties by position, in blocks or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.index.products import FEW_QUERIES, dot_products
from recsys.index.protocol import BLOCK, best


def sorted_out(scores, n, exclude):
    """All positions by (−score, position), without those excluded and those of −inf."""
    left = np.setdiff1d(np.arange(len(scores)), exclude)
    left = left[scores[left] > -np.inf]
    return left[np.argsort(-scores[left], kind="stable")][:n]


@given(st.integers(0, 10**6), st.integers(1, 40 * BLOCK), st.integers(1, 60), st.sampled_from([2, 5, 1000]))
def test_it_is_what_sorting_all_gives(seed, size, n, levels):
    """Few levels make many ties; a third is hidden, and some are excluded."""
    rng = np.random.default_rng(seed)
    scores = (rng.integers(0, levels, size) / levels).astype(np.float32)
    scores[rng.random(size) < 1 / 3] = -np.inf
    exclude = np.unique(rng.integers(0, size, 5)).astype(np.int32)
    expected = sorted_out(scores.copy(), n, exclude)
    found = best(scores.copy(), n, exclude)
    assert found.positions.tolist() == expected.tolist()
    assert found.scores.tolist() == scores[expected].tolist()


@pytest.mark.parametrize("n_queries", [0, 1, 2, FEW_QUERIES, FEW_QUERIES + 1])
@pytest.mark.parametrize("n_rows", [0, 1, 5000])
def test_products_of_few_and_of_many_queries_are_the_same(n_queries, n_rows):
    rng = np.random.default_rng(1)
    queries, rows = (rng.standard_normal((n, 48)).astype(np.float32) for n in (n_queries, n_rows))
    products = dot_products(queries, rows)
    assert products.dtype == np.float32
    np.testing.assert_allclose(products, queries.astype(np.float64) @ rows.T.astype(np.float64), atol=1e-4)


def test_equal_rows_score_equally_wherever_they_stand():
    rng = np.random.default_rng(2)
    row, query = rng.standard_normal((2, 384)).astype(np.float32)
    assert len(np.unique(dot_products(query[None], np.tile(row, (999, 1))))) == 1
