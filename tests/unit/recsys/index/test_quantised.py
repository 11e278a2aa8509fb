"""Codes against what they stand for, and what searching them costs in fidelity on MiniLM's real vectors."""

import numpy as np
import pytest
import scipy.sparse

from recsys.data.embedded import read_catalogue
from recsys.encoders import build_encoder
from recsys.errors import BadOptions
from recsys.index import build_index
from recsys.index.codes import BinaryCodes, Int8Codes, truncated
from recsys.index.rows import Rows
from recsys.quality import fidelity

N_QUERIES = 150
HISTORY = 5


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def drawn(n, dim, seed=0):
    return unit(np.random.default_rng(seed).standard_normal((n, dim)))


@pytest.fixture(scope="module")
def minilm():
    """The 600 items of the embedded catalogue, and users that are means of five of them."""
    items = build_encoder("transformer", threads=2).encode([f"{row.title}. {row.text}" for row in read_catalogue()])
    rng = np.random.default_rng(1)
    users = unit([items[rng.choice(len(items), HISTORY, replace=False)].mean(0) for _ in range(N_QUERIES)])
    return items, users


def agreement(items, users, n, **options):
    """fidelity@n of an index with the exact one."""
    nothing = [np.zeros(0, np.int32)] * len(users)
    exact = build_index("exact", items).scores(users)
    found = build_index("quantised", items, **options).search(users, n, nothing)
    return fidelity(np.stack([one.positions for one in found]), exact, n, 1e-6).mean()


@pytest.mark.parametrize(
    ("options", "lowest", "highest"),
    [
        ({"precision": "int8", "rescore": 0}, 0.98, 1.0),
        ({"precision": "int8"}, 0.999, 1.0),
        ({"precision": "fp16", "rescore": 0}, 0.995, 1.0),
        ({"precision": "binary", "rescore": 0}, 0.5, 0.75),
        ({"precision": "binary"}, 0.88, 0.98),
        ({"precision": "binary", "rescore": 8}, 0.96, 1.0),
        ({"precision": "fp32", "truncate_dim": 128, "rescore": 0}, 0.5, 0.75),
        ({"precision": "fp32", "truncate_dim": 128}, 0.85, 0.97),
        ({"precision": "int8", "truncate_dim": 128}, 0.85, 0.97),
    ],
    ids=str,
)
def test_fidelity_on_real_vectors_is_known(minilm, options, lowest, highest):
    """Bounds both ways: a code that suddenly is too good is not the code. MiniLM is not trained to be truncated."""
    assert lowest <= agreement(*minilm, 20, **options) <= highest


def test_scoring_everything_again_is_exact(minilm):
    items, users = minilm
    assert agreement(items, users, 20, precision="binary", rescore=len(items)) == 1.0


def test_truncation_keeps_what_a_matryoshka_model_puts_first():
    """Planted: all but a hundredth of each vector's energy stands in the first 16 of 64 dimensions."""
    strength = np.where(np.arange(64) < 16, 1.0, 0.05)
    items, users = unit(drawn(500, 64) * strength), unit(drawn(50, 64, seed=1) * strength)
    assert agreement(items, users, 10, precision="fp32", truncate_dim=16) > 0.99
    assert agreement(items[:, ::-1], users[:, ::-1], 10, precision="fp32", truncate_dim=16) < 0.5


def test_int8_codes_are_within_half_a_step_of_the_dot_product():
    items, queries = drawn(200, 70), drawn(9, 70, seed=1)
    scores = Int8Codes(items).scores(queries)
    step = np.abs(items).max(1)[None, :] / 127 + np.abs(queries).max(1)[:, None] / 127
    assert scores.dtype == np.float32
    assert (np.abs(scores - queries @ items.T) <= 0.5 * step * np.sqrt(70)).all(), "Cauchy-Schwarz over the rounding"


def test_int8_products_are_exact_integers():
    """Rows whose numbers are on the grid are coded without loss, and their products summed without one."""
    grid = np.random.default_rng(3).integers(-127, 128, (40, 130)).astype(np.float32)
    grid[:, 0] = 127
    assert Int8Codes(grid).scores(grid[:7]) == pytest.approx(grid[:7] @ grid.T, rel=1e-6)


@pytest.mark.parametrize("dim", [3, 64, 65, 384])
def test_binary_scores_come_from_the_signs_that_differ(dim):
    items, queries = drawn(50, dim), drawn(4, dim, seed=1)
    differing = ((queries > 0)[:, None, :] != (items > 0)[None, :, :]).sum(2)
    assert BinaryCodes(items).scores(queries) == pytest.approx(np.cos(np.pi * differing / dim), abs=1e-6)


def test_binary_scores_estimate_the_cosine_of_random_directions():
    items = drawn(400, 384)
    queries = unit(items[:20] + 0.7 * drawn(20, 384, seed=1))
    estimated, exact = BinaryCodes(items).scores(queries), queries @ items.T
    assert np.abs(estimated - exact).mean() < 0.1
    near = exact > 0.7
    assert near.sum() == 20
    assert estimated[near].mean() == pytest.approx(exact[near].mean(), abs=0.03)
    assert estimated[~near].mean() == pytest.approx(exact[~near].mean(), abs=0.03)


@pytest.mark.parametrize("precision", ["int8", "binary", "fp32"])
@pytest.mark.parametrize("rescore", [0, 2])
def test_a_row_of_zeros_and_a_query_of_zeros_score_0(precision, rescore):
    items = np.vstack([np.zeros((1, 70), np.float32), drawn(9, 70)])
    index = build_index("quantised", items, precision=precision, truncate_dim=66, rescore=rescore)
    queries = np.vstack([drawn(1, 70, seed=1), np.zeros((1, 70), np.float32)])
    scores = index.scores(queries)
    assert scores[0, 0] == 0
    assert (scores[1] == 0).all()
    assert index.search(queries, 4, [np.array([1], np.int32)] * 2)[1].positions.tolist() == [0, 2, 3, 4]


@pytest.mark.parametrize("precision", ["int8", "binary", "fp32"])
def test_without_rescoring_puts_and_rewinds_change_the_codes_alone_that_they_name(precision):
    items, fresh, queries = drawn(30, 70), drawn(2, 70, seed=1), drawn(5, 70, seed=2)
    options = {"precision": precision, "truncate_dim": 40, "rescore": 0}
    index = build_index("quantised", items, **options)
    before = index.scores(queries)
    index.put(np.array([4, 20], np.int32), fresh)
    changed = items.copy()
    changed[[4, 20]] = fresh
    assert np.array_equal(index.scores(queries), build_index("quantised", changed, **options).scores(queries))
    index.rewind(np.array([7], np.int32))
    after = index.scores(queries)
    assert np.isneginf(after[:, 7]).all()
    assert np.array_equal(np.delete(after, 7, 1), np.delete(before, 7, 1))


def test_the_best_after_rescoring_stand_by_exact_score_then_position():
    items = np.vstack([drawn(40, 70)] * 2)  # every item twice: all scores tie
    query = drawn(1, 70, seed=1)
    (found,) = build_index("quantised", items).search(query, 10, [np.zeros(0, np.int32)])
    exact = (items @ query[0])[found.positions]
    assert found.scores == pytest.approx(exact, abs=1e-6)
    assert (np.diff(found.scores) <= 1e-7).all()
    assert found.positions[::2].tolist() == (found.positions[1::2] - 40).tolist()


def test_truncated_rows_have_norm_1_or_0():
    rows = truncated(np.array([[3, 4, 12], [0, 0, 1]], np.float32), 2)
    assert rows == pytest.approx(np.array([[0.6, 0.8], [0, 0]]))


def test_what_it_cannot_do_is_refused_with_what_to_do():
    dense = drawn(3, 8)
    with pytest.raises(BadOptions, match='kind = "sparse"'):
        build_index("quantised", scipy.sparse.csr_array(dense))
    with pytest.raises(BadOptions, match="truncate_dim = 9, but .* 8 dimensions"):
        build_index("quantised", dense, truncate_dim=9)
    with pytest.raises(BadOptions, match="set truncate_dim"):
        build_index("quantised", dense, precision="fp32")


def test_rows_are_a_copy_that_is_set_back_bit_by_bit():
    array = np.arange(12, dtype=np.int8).reshape(6, 2)
    rows = Rows(array)
    rows.put(np.array([1, 4, 1], np.int32), np.array([[9, 9], [8, 8], [7, 7]], np.int8))
    rows.put(np.array([1], np.int32), np.array([[5, 5]], np.int8))
    assert rows.array[[1, 4]].tolist() == [[5, 5], [8, 8]]
    rows.rewind()
    assert np.array_equal(rows.array, array)
    assert array[1].tolist() == [2, 3]
