"""The contract of an index: vectors in, the nearest items out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.types import Positions, Vectors


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items of one query, by falling score; equal scores by position. positions int32 [n], scores float32 [n]."""

    positions: Positions
    scores: npt.NDArray[np.float32]


class Index(Protocol):
    """Finds the items whose vectors have the largest dot product with a query."""

    def build(self, vectors: Vectors) -> None:
        """Hold these item vectors [n_items, dim]; row i is the item at position i."""

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]."""

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it."""


def best(scores: npt.NDArray[np.float32], n: int, exclude: Positions) -> Candidates:
    """The n best of all items by (−score, position), exactly, ties included. Overwrites scores, float32 [n_items]."""
    if len(exclude):
        scores[exclude] = -np.inf
    n = min(n, len(scores) - len(exclude))
    if n <= 0:
        return Candidates(np.zeros(0, np.int32), np.zeros(0, np.float32))
    if n < len(scores):
        threshold = -np.partition(-scores, n - 1)[n - 1]
        pool = np.flatnonzero(scores >= threshold)  # all ties of the last place compete by position
    else:
        pool = np.arange(len(scores))
    order = pool[np.argsort(-scores[pool], kind="stable")[:n]].astype(np.int32)
    return Candidates(order, scores[order])
