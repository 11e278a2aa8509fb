"""Both kinds of 8-bit products are those of whole numbers, whatever was put and taken back."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.index import int8_products as module
from recsys.index.int8_products import PackedRows, PlainRows, int8_products


def kinds():
    return [PlainRows, *([PackedRows] if module._can_pack() else [])]


def drawn(n, dim, seed=0):
    return np.random.default_rng(seed).integers(-127, 128, (n, dim)).astype(np.int8)


def whole(queries, rows):
    return (queries.astype(np.int64) @ rows.T.astype(np.int64)).astype(np.float32)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize(("n", "dim", "queries"), [(1, 1, 1), (3, 2, 5), (517, 130, 1), (200, 384, 70), (64, 1500, 3)])
def test_products_are_those_of_whole_numbers(kind, n, dim, queries):
    rows, asked = drawn(n, dim), drawn(queries, dim, seed=1)
    found = kind(rows).of(asked)
    assert found.dtype == np.float32
    assert np.array_equal(found, whole(asked, rows))


@pytest.mark.parametrize("kind", kinds())
def test_the_largest_sums_do_not_overflow(kind):
    """All products 127 · 127, or all −127 · 127: 16 bits would hold two of them at most."""
    rows = np.array([[127] * 1024, [-127] * 1024], np.int8)
    assert kind(rows).of(rows).tolist() == [
        [127 * 127 * 1024, -127 * 127 * 1024],
        [-127 * 127 * 1024, 127 * 127 * 1024],
    ]


@pytest.mark.parametrize("kind", kinds())
@given(puts=st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=6), max_size=8))
def test_rows_that_are_put_count_until_they_are_taken_back(kind, puts):
    rows, asked = drawn(9, 20), drawn(2, 20, seed=1)
    products, now = kind(rows), rows.copy()
    for place, positions in enumerate(puts):
        fresh = drawn(len(positions), 20, seed=2 + place)
        products.put(np.array(positions, np.int32), fresh)
        now[positions] = fresh
        assert np.array_equal(products.of(asked), whole(asked, now))
    products.rewind()
    assert np.array_equal(products.of(asked), whole(asked, rows))
    products.put(np.array([8], np.int32), drawn(1, 20, seed=99))
    assert np.array_equal(products.of(asked)[:, :8], whole(asked, rows)[:, :8]), "nothing from before the rewind"


@pytest.mark.parametrize("kind", kinds())
def test_products_may_be_asked_for_while_rows_are_put(kind):
    rows, fresh, asked = drawn(500, 20), drawn(500, 20, seed=2), drawn(2, 20, seed=1)
    products = kind(rows)
    either = np.stack([whole(asked, rows), whole(asked, fresh)])

    def put(positions):
        for position in positions:
            products.put(np.array([position], np.int32), fresh[position : position + 1])

    with ThreadPoolExecutor(2) as crew:
        putting = [crew.submit(put, range(first, 500, 2)) for first in range(2)]
        while not all(one.done() for one in putting):
            assert (products.of(asked) == either).any(0).all(), "each is the old row's or the new one's"
    assert [one.result() for one in putting] == [None, None]
    assert np.array_equal(products.of(asked), whole(asked, fresh))


def test_what_is_chosen_is_packed_where_the_cpu_sums_in_32_bits(monkeypatch):
    assert isinstance(int8_products(drawn(4, 8)), kinds()[-1])
    assert isinstance(int8_products(drawn(0, 8)), PlainRows), "nothing to pack"
    monkeypatch.setattr(module, "has_int8_dot_product", lambda: False)
    assert isinstance(int8_products(drawn(4, 8)), PlainRows)
