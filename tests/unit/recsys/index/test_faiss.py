"""What is particular to faiss: how near the graph comes to exact search, also after ingests."""

import numpy as np
import pytest

from recsys.index import build_index
from recsys.vectors import unit_rows

pytest.importorskip("faiss", reason="faiss is not installed")

N_ITEMS, DIM, N = 3_000, 32, 10
NOTHING = np.zeros(0, np.int32)


def clustered(n, seed):
    """Unit rows around fifty centres, the same for every seed, as texts of fifty topics are."""
    centres = np.random.default_rng(0).standard_normal((50, DIM))
    drawn = np.random.default_rng(seed)
    return unit_rows((centres[drawn.integers(0, 50, n)] + 0.5 * drawn.standard_normal((n, DIM))).astype(np.float32))


def share_found(index, vectors, queries, exclude):
    """Of the exact best, how many the index gives."""
    found = index.search(queries, N, exclude)
    exact = build_index("exact", vectors).search(queries, N, exclude)
    return np.mean([len(set(a.positions) & set(b.positions)) / N for a, b in zip(found, exact, strict=True)])


@pytest.mark.parametrize(("kind", "least"), [("faiss_flat", 1.0), ("faiss_hnsw", 0.98), ("faiss_int8", 0.99)])
def test_it_finds_what_exact_search_finds(kind, least):
    vectors, queries = clustered(N_ITEMS, 1), clustered(100, 2)
    drawn = np.random.default_rng(3)
    exclude = [drawn.choice(N_ITEMS, 40, replace=False).astype(np.int32) for _ in queries]
    assert share_found(build_index(kind, vectors), vectors, queries, exclude) >= least


def test_a_narrow_search_finds_less_and_a_wide_one_all():
    vectors, queries = clustered(N_ITEMS, 1), clustered(100, 2)
    nothing = [NOTHING] * len(queries)
    shares = [
        share_found(
            build_index("faiss_hnsw", vectors, links=4, build_width=40, search_width=width), vectors, queries, nothing
        )
        for width in (10, 400)
    ]
    assert shares[0] < 0.95 < shares[1]


@pytest.mark.parametrize("kind", ["faiss_flat", "faiss_hnsw", "faiss_int8"])
def test_many_ingests_later_it_still_does(kind):
    vectors, queries = clustered(N_ITEMS, 1), clustered(100, 2)
    index = build_index(kind, vectors)
    changed = np.arange(0, N_ITEMS, 20, dtype=np.int32)
    fresh = clustered(len(changed), 5)
    index.put(changed, fresh)
    vectors[changed] = fresh
    assert share_found(index, vectors, queries, [NOTHING] * len(queries)) >= 0.98
    index.rewind(NOTHING)
    assert share_found(index, clustered(N_ITEMS, 1), queries, [NOTHING] * len(queries)) >= 0.98


def test_a_dimension_beyond_the_largest_it_was_built_with_is_cut_until_re_scoring():
    vectors = clustered(N_ITEMS, 1)
    index = build_index("faiss_int8", vectors)
    spike = np.eye(1, DIM, dtype=np.float32)
    index.put(np.array([7], np.int32), spike)
    found = index.search(spike, 1, [NOTHING])[0]
    assert (found.positions.tolist(), found.scores.tolist()) == ([7], [1.0])
