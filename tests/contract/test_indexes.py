"""What every index promises, whichever file it stands in."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

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


@contextmanager
def eager_switches():
    """Threads take turns a thousand times as often as by default, so that what may fall between two lines does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 1000)
    yield
    sys.setswitchinterval(before)


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


def test_an_item_that_is_put_scores_by_its_new_vector_and_the_others_as_before(kind):
    items, fresh, queries = vectors(N_ITEMS, 1), vectors(3, 4)[1:], suited(kind, vectors(4, 2))
    index = build_index(kind, suited(kind, items))
    before = index.scores(queries)
    index.put(np.array([7, 50], np.int32), suited(kind, fresh))
    after = index.scores(queries)
    items[[7, 50]] = fresh
    assert after == pytest.approx(vectors(4, 2) @ items.T, abs=1e-5)
    others = np.setdiff1d(np.arange(N_ITEMS), [7, 50])
    assert (after[:, others] == before[:, others]).all()


def test_workers_may_search_while_another_puts(kind):
    """All workers of an arm share its index."""
    fresh, queries = suited(kind, vectors(N_ITEMS, 3)), suited(kind, vectors(2, 2))
    index = build_index(kind, suited(kind, vectors(N_ITEMS, 1)))
    done = threading.Event()

    def search():
        searches = 0
        while not done.is_set():
            assert all(len(found.positions) == 5 for found in index.search(queries, 5, [NOTHING] * 2))
            searches += 1
        return searches

    def put():
        for _ in range(5):
            for position in range(N_ITEMS):
                index.put(np.array([position], np.int32), fresh[position : position + 1])

    with eager_switches(), ThreadPoolExecutor(3) as crew:
        searching = [crew.submit(search) for _ in range(2)]
        crew.submit(put).add_done_callback(lambda putting: done.set())
        assert all(one.result() > 0 for one in searching)
    assert index.scores(queries) == pytest.approx(build_index(kind, fresh).scores(queries), abs=1e-5)


def test_where_a_position_stands_twice_the_later_row_counts(kind):
    index = build_index(kind, suited(kind, vectors(N_ITEMS, 1)))
    rows, queries = vectors(4, 4)[1:], vectors(2, 2)
    index.put(np.array([7, 9, 7], np.int32), suited(kind, rows))
    assert index.scores(suited(kind, queries))[:, [7, 9]] == pytest.approx(queries @ rows[[2, 1]].T, abs=1e-5)


def test_a_hidden_item_is_found_by_nobody_until_it_is_put(kind):
    items, queries = vectors(N_ITEMS, 1), vectors(5, 2)
    index = build_index(kind, suited(kind, items))
    hidden = np.arange(0, N_ITEMS, 2, dtype=np.int32)
    index.rewind(hidden)
    scores = index.scores(suited(kind, queries))
    assert np.isneginf(scores[:, hidden]).all()
    assert np.isfinite(scores[:, 1::2]).all()
    everyone = index.search(suited(kind, queries), N_ITEMS, [np.array([0, 1], np.int32)] * 5)
    assert all(sorted(found.positions.tolist()) == list(range(3, N_ITEMS, 2)) for found in everyone)
    index.put(hidden[4:6], suited(kind, items[hidden[4:6]]))
    shown = index.search(suited(kind, queries), N_ITEMS, [NOTHING] * 5)
    assert all(sorted(found.positions.tolist()) == sorted([*range(1, N_ITEMS, 2), 8, 10]) for found in shown)
    index.rewind(NOTHING)
    assert np.isfinite(index.scores(suited(kind, queries))).all()


def test_with_everything_hidden_nothing_is_found(kind):
    index = build_index(kind, suited(kind, vectors(6, 1)))
    index.rewind(np.arange(6, dtype=np.int32))
    assert index.search(suited(kind, vectors(2, 3)), 3, [NOTHING, np.array([1], np.int32)])[0].positions.tolist() == []


def test_a_rewind_restores_what_was_built_bit_by_bit_and_leaves_the_callers_vectors_alone(kind):
    """More puts than any delta holds, so that a merge is undone too."""
    items, queries = suited(kind, vectors(N_ITEMS, 1)), suited(kind, vectors(6, 2))
    given = items.copy()
    index = build_index(kind, items)
    before = index.search(queries, 10, [NOTHING] * 6)
    rng = np.random.default_rng(5)
    for round_ in range(20):
        positions = rng.integers(0, N_ITEMS, 3).astype(np.int32)
        index.put(positions, suited(kind, vectors(4, 100 + round_)[1:]))
    assert any(
        one.positions.tolist() != other.positions.tolist()
        for one, other in zip(before, index.search(queries, 10, [NOTHING] * 6), strict=True)
    )
    index.rewind(NOTHING)
    for one, other in zip(before, index.search(queries, 10, [NOTHING] * 6), strict=True):
        assert one.positions.tolist() == other.positions.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()
    assert not (abs(items - given)).sum()


@pytest.mark.parametrize("kind", INDEXES.kinds())
@given(st.lists(st.tuples(st.lists(st.integers(0, N_ITEMS - 1), max_size=5), st.booleans()), max_size=25))
def test_after_any_puts_and_rewinds_the_scores_are_those_of_the_rows_put_last(kind, steps):
    built, queries = vectors(N_ITEMS, 1), vectors(3, 2)
    index = build_index(kind, suited(kind, built))
    rows, hidden = built.copy(), set()
    for place, (positions, rewinds) in enumerate(steps):
        if rewinds:
            hidden = set(positions)
            rows = built.copy()
            index.rewind(np.array(sorted(hidden), np.int32))
        elif positions:
            fresh = vectors(len(positions) + 1, place)[1:]
            index.put(np.array(positions, np.int32), suited(kind, fresh))
            for position, row in zip(positions, fresh, strict=True):
                rows[position] = row
                hidden.discard(position)
    expected = queries @ rows.T
    expected[:, sorted(hidden)] = -np.inf
    assert index.scores(suited(kind, queries)) == pytest.approx(expected, abs=1e-5)
