"""Programs of fixed shape, with a stand-in for a captured graph: one shape, one buffer that each run overwrites."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.graph_buckets import LENGTHS, ROWS, BucketedRuns, bucket_of

DIM = 4


def mean_of_ids(ids, mask):
    """Each row: the mean of its real ids, times 1 … DIM."""
    means = (ids * mask).sum(axis=1) / mask.sum(axis=1)
    return (means[:, None] * np.arange(1, DIM + 1)).astype(np.float32)


class StandIn:
    """A captured graph: refuses other shapes, and answers from the same buffer every time."""

    def __init__(self, rows, length):
        self.shape, self.buffer = (rows, length), np.empty((rows, DIM), np.float32)

    def __call__(self, ids, mask):
        assert ids.shape == mask.shape == self.shape
        self.buffer[:] = mean_of_ids(ids, mask)
        assert np.isfinite(self.buffer).all(), "rows that fill the bucket up must have a token"
        return self.buffer


def eagerly(ids, mask):
    return mean_of_ids(ids, np.ones_like(ids, bool) if mask is None else mask)


@given(st.integers(1, ROWS[-1] + 5), st.integers(1, LENGTHS[-1] + 20))
def test_a_bucket_holds_the_batch_and_no_smaller_one_does(rows, length):
    bucket = bucket_of(rows, length)
    if rows > ROWS[-1] or length > LENGTHS[-1]:
        assert bucket is None
        return
    assert bucket[0] == min(size for size in ROWS if size >= rows)
    assert bucket[1] == min(size for size in LENGTHS if size >= length)


@given(st.integers(0, 10**6), st.integers(1, ROWS[-1] + 2), st.integers(1, LENGTHS[-1] + 2), st.booleans())
def test_a_batch_of_any_shape_gets_what_it_would_get_alone(seed, rows, length, padded):
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 1000, (rows, length)).astype(np.int32)
    mask = np.arange(length) < rng.integers(1, length + 1, rows)[:, None] if padded else None
    run = BucketedRuns(StandIn, eagerly)
    np.testing.assert_allclose(run(ids, mask), eagerly(ids, mask), rtol=1e-6)


def test_results_are_the_callers_own_and_each_bucket_is_captured_once():
    run = BucketedRuns(StandIn, eagerly)
    first = run(np.full((2, 9), 3, np.int32), None)
    kept = first.copy()
    run(np.full((2, 10), 8, np.int32), None)
    assert first.tobytes() == kept.tobytes(), "the next run overwrites the program's buffer, not what was handed out"
    assert run.captured == 1
    run(np.full((3, 9), 8, np.int32), None)
    assert run.captured == 2


def test_what_no_bucket_holds_is_run_as_it_is():
    calls = []

    def eager(ids, mask):
        calls.append(ids.shape)
        return eagerly(ids, mask)

    run = BucketedRuns(StandIn, eager)
    run(np.ones((ROWS[-1] + 1, 8), np.int32), None)
    run(np.ones((1, LENGTHS[-1] + 1), np.int32), None)
    assert calls == [(ROWS[-1] + 1, 8), (1, LENGTHS[-1] + 1)]
    assert run.captured == 0
