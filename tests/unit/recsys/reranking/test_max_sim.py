"""MaxSim against a loop that says what it means, and the ragged table that it reads from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.reranking.token_vectors import ItemTokens, max_sim


def unit_rows(n, dim=5, seed=0):
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_loop(user, items):
    """Of each user token the best match in the item, averaged over the user's tokens."""
    scores = []
    for item in items:
        best = [max(float(mine @ theirs) for theirs in item) for mine in user] if len(item) else []
        scores.append(sum(best) / len(best) if best else 0.0)
    return scores


@given(st.integers(0, 4), st.lists(st.integers(0, 4), max_size=5), st.integers(0, 99))
def test_it_is_the_mean_of_the_best_matches(n_user, lengths, seed):
    user = unit_rows(n_user, seed=seed)
    items = [unit_rows(n, seed=seed + 100 + place) for place, n in enumerate(lengths)]
    end_to_end = np.concatenate([np.zeros((0, 5), np.float32), *items])
    scores = max_sim(user, end_to_end, np.array(lengths, np.int64))
    assert scores.dtype == np.float32
    assert scores == pytest.approx(by_loop(user, items), abs=1e-6)


def test_a_text_is_nearest_to_itself_whatever_the_order_of_its_tokens():
    user = unit_rows(3)
    items = np.concatenate([user[::-1], unit_rows(3, seed=9)])
    scores = max_sim(user, items, np.array([3, 3]))
    assert scores[0] == pytest.approx(1, abs=1e-6) and scores[1] < 0.99


@pytest.mark.parametrize("stored", [np.float16, np.float32])
def test_rows_are_found_by_position_also_those_that_were_put(stored):
    rows = unit_rows(6).astype(stored)
    items = ItemTokens(rows, np.array([2, 0, 3, 1]))
    assert (items.n_tokens, items.nbytes) == (6, rows.nbytes)
    vectors, lengths = items.at(np.array([2, 1, 0], np.int32))
    assert vectors.dtype == np.float32 and lengths.tolist() == [3, 0, 2]
    assert (vectors == np.concatenate([rows[2:5], rows[:2]])).all()
    new = unit_rows(4, seed=3).astype(stored)
    items.put(np.array([1, 0, 1], np.int32), [new[:1], new[:0], new[1:]])
    vectors, lengths = items.at(np.array([0, 1, 3], np.int32))
    assert lengths.tolist() == [0, 3, 1]
    assert (vectors == np.concatenate([new[1:], rows[5:]])).all()
    items.rewind()
    assert items.at(np.array([0, 1], np.int32))[1].tolist() == [2, 0]
    assert items.at(np.zeros(0, np.int32))[0].shape == (0, 5)
