"""The contract of an index: vectors in, the nearest items out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.types import Positions, Vectors

_LOWEST = np.finfo(np.float32).min
BLOCK = 64
"""Scores of which the largest is looked up first."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items of one query, by falling score; equal scores by position. positions int32 [n], scores float32 [n]."""

    positions: Positions
    scores: npt.NDArray[np.float32]


class Index(Protocol):
    """Finds the items whose vectors have the largest dot product with a query. Once built it finds all of them."""

    def build(self, vectors: Vectors) -> None:
        """Hold these item vectors [n_items, dim]; row i is the item at position i."""

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Scores of all items, float32 [queries, n_items]; −inf for those that are hidden."""

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Replace the vectors of these items, [n, dim], and let them be found.

        A search sees an item's old row or its new one. Where a position stands twice, the later row counts.
        """

    def rewind(self, hidden: Positions) -> None:
        """Hold exactly the vectors that it was built with, whatever was put since, and find all items but these."""


def best(scores: npt.NDArray[np.float32], n: int, exclude: Positions) -> Candidates:
    """The n best of all items by (−score, position), exactly, ties included; a score of −inf is never among them.

    Overwrites scores, float32 [n_items].
    """
    if len(exclude):
        scores[exclude] = -np.inf
    n = min(n, len(scores) - len(exclude))
    if n <= 0:
        return Candidates(np.zeros(0, np.int32), np.zeros(0, np.float32))
    pool = np.flatnonzero(scores >= max(_LOWEST, _bound(scores, n)))
    values = scores[pool]
    if n < len(pool):
        least = np.partition(values, len(pool) - n)[len(pool) - n]
        pool, values = pool[values >= least], values[values >= least]  # all ties of the last place compete by position
    order = np.argsort(-values, kind="stable")[:n]
    return Candidates(pool[order].astype(np.int32), values[order])


def _bound(scores: npt.NDArray[np.float32], n: int) -> np.float32:
    """A score that the n best reach, and few others do: the n-th best of the blocks' maxima; −inf for few scores.

    Each of n blocks has one score or more that reaches it. Reading maxima takes a tenth of the time of a partition.
    """
    blocks = len(scores) // BLOCK
    if blocks < 2 * n:
        return np.float32(-np.inf)
    maxima = scores[: blocks * BLOCK].reshape(blocks, BLOCK).max(axis=1)
    bound: np.float32 = np.partition(maxima, blocks - n)[blocks - n]
    return bound


def ordered(positions: Positions, scores: npt.NDArray[np.float32], n: int) -> Candidates:
    """The n best of these items by (−score, position)."""
    order = np.lexsort((positions, -scores))[:n]
    return Candidates(positions[order], scores[order])
