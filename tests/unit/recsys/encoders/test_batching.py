"""Sorting by length and cutting into batches: order, budget and counts."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from recsys.encoders.batching import check_vectors, forward_all, forward_sorted, pad
from recsys.encoders.protocol import EncoderInfo
from recsys.errors import BadVectors
from recsys.types import TokenIds


class Recorder:
    """Answers each text's first id and length, and records the lengths of each batch."""

    def __init__(self, sparse: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.sparse = sparse

    def forward(self, prepared: TokenIds) -> np.ndarray | scipy.sparse.csr_array:
        self.batches.append(prepared.n_tokens.tolist())
        firsts = [
            prepared.ids[start] if length else 0
            for start, length in zip(prepared.offsets, prepared.n_tokens, strict=False)
        ]
        vectors = np.array([firsts, prepared.n_tokens], np.float32).T
        return scipy.sparse.csr_array(vectors) if self.sparse else vectors


def texts_of(lengths: list[int]) -> TokenIds:
    return TokenIds.from_lists([[row + 1] * length for row, length in enumerate(lengths)])


@pytest.mark.parametrize("sparse", [False, True])
def test_vectors_come_back_in_the_order_given(sparse: bool) -> None:
    lengths = [5, 2, 9, 2, 7, 1]
    vectors, _ = forward_sorted(Recorder(sparse), texts_of(lengths), max_padded_tokens=8)
    plain = vectors.toarray() if sparse else vectors
    assert plain[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    assert plain[:, 1].tolist() == lengths


def test_batches_keep_within_the_budget_and_padded_tokens_are_rows_times_longest() -> None:
    recorder = Recorder()
    _, padded_tokens = forward_sorted(recorder, texts_of([5, 2, 9, 2, 7, 1]), max_padded_tokens=8)
    assert recorder.batches == [[1, 2, 2], [5], [7], [9]]
    assert padded_tokens == 3 * 2 + 5 + 7 + 9


def test_rows_are_limited_however_short() -> None:
    recorder = Recorder()
    forward_sorted(recorder, texts_of([1] * 5), max_rows=2)
    assert [len(batch) for batch in recorder.batches] == [2, 2, 1]


def test_texts_without_tokens_are_not_padded_up_to_their_neighbours() -> None:
    recorder = Recorder()
    _, padded_tokens = forward_sorted(recorder, texts_of([3, 0, 0, 4]))
    assert recorder.batches == [[0, 0], [3, 4]]
    assert padded_tokens == 8


def test_padding_is_marked_and_equal_lengths_are_not_copied() -> None:
    ids, mask = pad(TokenIds.from_lists([[7, 8, 9], [5]]), pad_id=3)
    assert ids.tolist() == [[7, 8, 9], [5, 3, 3]]
    assert mask is not None
    assert mask.tolist() == [[True, True, True], [True, False, False]]
    equal = TokenIds.from_lists([[1, 2], [3, 4]])
    ids, mask = pad(equal)
    assert mask is None
    assert np.shares_memory(ids, equal.ids)


@pytest.mark.parametrize("planted", [np.nan, np.inf, 0.5, 1e-4])
def test_planted_numbers_that_are_no_unit_vector_are_refused(planted: float) -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    check_vectors(vectors, 3, 4)
    vectors[1] = [0, planted, 0, 0]
    with pytest.raises(BadVectors, match="vector 1 of 3"):
        check_vectors(vectors, 3, 4)


def test_a_row_of_zeros_and_sparse_rows_pass() -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    vectors[2] = 0
    assert check_vectors(vectors, 3, 4) is None
    assert check_vectors(scipy.sparse.csr_array(vectors), 3, 4) is None
    vectors[2, 0] = 0.5  # the same rows with one neither zero nor unit are told apart
    with pytest.raises(BadVectors):
        check_vectors(vectors, 3, 4)


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(BadVectors, match="shape"):
        check_vectors(np.eye(3, 4, dtype=np.float32), 3, 5)


ON_A_GPU = {"device": "cuda", "batch_tokens": 8000}


@pytest.mark.parametrize(
    ("info", "padded_tokens", "counted"),
    [
        ({}, [1000] * 6, 6000),
        (ON_A_GPU, [8000, 2000], 10_000),
        (ON_A_GPU | {"pads": False}, [8000, 2000], 6000),
        ({"pads": False}, [10_000], 6000),
    ],
    ids=["the usual", "its own", "its own, without padding", "any"],
)
def test_serving_takes_batches_of_the_encoders_own_size(info, padded_tokens, counted) -> None:
    recorder = Recorder()
    recorder.info = EncoderInfo(**{"dim": 2, "device": "cpu", "precision": "fp32"} | info)
    computed = forward_all(recorder, texts_of([10, 50] * 100))
    assert [len(batch) * max(batch) for batch in recorder.batches] == padded_tokens
    assert computed.padded_tokens == counted
    assert computed.n_tokens.tolist() == [10, 50] * 100
