"""The table that placements look vectors up in."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from recsys.placement.item_vectors import ItemVectors
from recsys.vectors import weighted_means

N, DIM = 9, 5
positions = st.lists(st.integers(0, N - 1), max_size=6)


def unit_rows(n, seed):
    rows = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def dense(vectors):
    return vectors.toarray() if isinstance(vectors, scipy.sparse.csr_array) else vectors


@pytest.mark.parametrize("sort", [np.asarray, scipy.sparse.csr_array])
@given(st.lists(positions.filter(bool), max_size=4), st.lists(positions, min_size=1, max_size=4))
def test_means_are_those_of_a_table_written_in_place(sort, puts, groups):
    built = unit_rows(N, 0)
    table, expected = ItemVectors(sort(built)), built.copy()
    for seed, put in enumerate(puts):
        fresh = unit_rows(len(put), seed + 1)
        table.put(np.array(put, np.int32), sort(fresh))
        for position, row in zip(put, fresh, strict=True):
            expected[position] = row
    rows = [np.array(group, np.int32) for group in groups]
    weights = [np.linspace(1, 2, len(group), dtype=np.float32) for group in groups]
    assert dense(table.weighted_means(rows, weights)) == pytest.approx(
        dense(weighted_means(sort(expected), rows, weights)), abs=1e-6
    )
    user = unit_rows(1, 77)
    for group in rows:
        assert table.dot(group, sort(user)) == pytest.approx(expected[group] @ user[0], abs=1e-6)
    table.rewind()
    again = dense(table.weighted_means(rows, weights))
    assert again.tobytes() == dense(weighted_means(sort(built), rows, weights)).tobytes()


def test_groups_without_a_replaced_row_are_averaged_in_the_table_as_it_was_built(monkeypatch):
    table = ItemVectors(unit_rows(N, 0))
    table.put(np.array([3], np.int32), unit_rows(1, 1))
    monkeypatch.setattr(ItemVectors, "_rows", lambda *_: pytest.fail("gathered"))
    groups = [np.array([0, 1], np.int32), np.zeros(0, np.int32)]
    assert len(table.weighted_means(groups, [np.ones(2, np.float32), np.zeros(0, np.float32)])) == 2
