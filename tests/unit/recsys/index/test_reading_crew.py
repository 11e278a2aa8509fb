"""Several threads read the rows: each score is the one that a single thread finds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recsys.index import build_index
from recsys.index.products import FEW_QUERIES, dot_products
from recsys.index.reading_crew import PART_BYTES, ReadingCrew

DIM = 64


def drawn(n, seed=1):
    return np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def rows():
    """Enough for three threads and a rest that divides by none of them."""
    return drawn(3 * PART_BYTES // (4 * DIM) + 7)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("n_queries", [1, FEW_QUERIES, FEW_QUERIES + 1])
def test_threads_change_no_score(rows, threads, n_queries):
    queries = drawn(n_queries, seed=2)
    np.testing.assert_array_equal(ReadingCrew(threads).dot_products(queries, rows), dot_products(queries, rows))


@pytest.mark.parametrize("n", [0, 1, 100])
def test_few_rows_wake_nobody(n, monkeypatch):
    monkeypatch.setattr(ThreadPoolExecutor, "submit", lambda *_: pytest.fail("a thread was woken"))
    queries, rows = drawn(2), drawn(n)
    np.testing.assert_array_equal(ReadingCrew(4).dot_products(queries, rows), dot_products(queries, rows))


def test_an_index_of_several_threads_finds_the_same_items(rows):
    queries, nothing = drawn(3, seed=3), [np.zeros(0, np.int32)] * 3
    alone, together = (build_index("exact", rows, threads=n).search(queries, 10, nothing) for n in (1, 2))
    for one, other in zip(alone, together, strict=True):
        assert one.positions.tolist() == other.positions.tolist()
        assert one.scores.tolist() == other.scores.tolist()
