"""Batches of any shape through programs of fixed shape: rounded up to a bucket, run there, cut back.

A captured CUDA graph replays one shape on buffers of its own, at the cost of one launch. What a program of fixed shape
needs around it, and no GPU, stands here: the choice of the bucket, the padding, copying out of buffers that the next
run overwrites, and the way for shapes beyond the largest bucket.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.models.pooling import Embed

ROWS = (1, 2, 4, 8, 16, 32)
LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""A third more tokens at most from 16 on, so that padding costs less than what a launch saves."""


class FixedShape(Protocol):
    """A program for one shape."""

    def __call__(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Unit vectors [rows, dim] of ids and mask [rows, length]; its own buffer, overwritten by the next call."""


def bucket_of(rows: int, length: int) -> tuple[int, int] | None:
    """The smallest bucket that holds a batch; None beyond the largest."""
    if rows > ROWS[-1] or length > LENGTHS[-1]:
        return None
    return ROWS[bisect_left(ROWS, rows)], LENGTHS[bisect_left(LENGTHS, length)]


class BucketedRuns:
    """An Embed. capture: makes the program of a bucket, when it is first needed. eager: for what no bucket holds.

    captured: how many buckets there are so far.
    """

    def __init__(self, capture: Callable[[int, int], FixedShape], eager: Embed) -> None:
        self._capture = capture
        self._eager = eager
        self._programs: dict[tuple[int, int], FixedShape] = {}

    @property
    def captured(self) -> int:
        """Programs so far."""
        return len(self._programs)

    def __call__(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        """Unit vectors float32 [n, dim], the caller's own. ids, mask: [n, length]; mask None = no padding."""
        bucket = bucket_of(*ids.shape)
        if bucket is None:
            return self._eager(ids, mask)
        if bucket not in self._programs:
            self._programs[bucket] = self._capture(*bucket)
        rows, length = ids.shape
        padded, visible = np.zeros(bucket, np.int32), np.zeros(bucket, np.bool_)
        padded[:rows, :length] = ids
        visible[:rows, :length] = True if mask is None else mask
        visible[rows:, 0] = True  # a row without a token would be divided by nothing
        return self._programs[bucket](padded, visible)[:rows].copy()
