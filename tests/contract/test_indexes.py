"""What every index promises, whichever file it stands in."""

import numpy as np
import pytest
import scipy.sparse

from recsys.errors import BadOptions
from recsys.index import INDEXES, build_index
from recsys.options import parse_options

N_ITEMS, DIM = 60, 24
NOTHING = np.zeros(0, np.int32)


def vectors(n, seed):
    """Unit rows with many zeros; row 0 is all zero."""
    rng = np.random.default_rng(seed)
    rows = np.abs(rng.standard_normal((n, DIM)) * (rng.random((n, DIM)) < 0.3)).astype(np.float32)
    rows[0] = 0
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def suited(kind, rows):
    """The rows as this index takes them: dense, or sparse where it refuses dense ones."""
    try:
        build_index(kind, rows[:1])
    except BadOptions:
        return scipy.sparse.csr_array(rows)
    return rows


@pytest.fixture(params=INDEXES.kinds())
def kind(request):
    return request.param


def test_its_kind_is_the_name_of_its_file(kind):
    plugin = INDEXES.get(kind)
    assert plugin.__module__ == f"{INDEXES.package}.{kind}"
    assert len(INDEXES.entry(kind).summary) > 20
    with pytest.raises(BadOptions, match="no_such_option"):
        parse_options(plugin.Options, {"no_such_option": 1}, kind)


def test_it_finds_the_best_without_those_excluded(kind):
    """An approximate index owes nine of ten; whatever it gives must be scored, ordered and allowed."""
    items, queries = vectors(N_ITEMS, 1), vectors(8, 2)
    exclude = [np.unique(np.random.default_rng(row).integers(0, N_ITEMS, 15)).astype(np.int32) for row in range(8)]
    found = build_index(kind, suited(kind, items)).search(suited(kind, queries), 10, exclude)
    assert len(found) == 8
    for candidates, query, left_out in zip(found, queries, exclude, strict=True):
        exact = items @ query
        assert candidates.scores == pytest.approx(exact[candidates.positions], abs=1e-5)
        assert (np.diff(candidates.scores) <= 1e-6).all()
        assert not set(candidates.positions.tolist()) & set(left_out.tolist())
        exact[left_out] = -np.inf
        threshold = np.sort(exact)[-10] - 1e-5
        assert (exact[candidates.positions] >= threshold).sum() >= 9
        assert (candidates.positions.dtype, candidates.scores.dtype) == (np.int32, np.float32)


def test_a_zero_query_scores_0_everywhere_and_ties_stand_by_position(kind):
    items = vectors(N_ITEMS, 1)
    nobody = suited(kind, np.zeros((1, DIM), np.float32))
    candidates = build_index(kind, suited(kind, items)).search(nobody, 5, [NOTHING])[0]
    assert candidates.positions.tolist() == [0, 1, 2, 3, 4]
    assert candidates.scores.tolist() == [0.0] * 5


def test_more_than_there_is_gives_all_there_is(kind):
    items = vectors(6, 1)
    index = build_index(kind, suited(kind, items))
    one, none = index.search(suited(kind, vectors(2, 3)), 100, [np.array([2], np.int32), np.arange(6, dtype=np.int32)])
    assert sorted(one.positions.tolist()) == [0, 1, 3, 4, 5]
    assert none.positions.tolist() == []


def test_scores_are_the_dot_products(kind):
    items, queries = vectors(N_ITEMS, 1), vectors(3, 2)
    scores = build_index(kind, suited(kind, items)).scores(suited(kind, queries))
    assert scores == pytest.approx(queries @ items.T, abs=1e-5)
