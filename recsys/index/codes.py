"""Vectors in fewer bits, and the scores that can be computed from them.

Each kind of code holds item vectors [n, dim], which single rows can be replaced in, and estimates their dot products
with queries. Every row is coded by itself, so a new item changes no other's code.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.index.int8_products import int8_products
from recsys.index.products import dot_products
from recsys.index.rows import Rows
from recsys.types import Positions

Float32 = npt.NDArray[np.float32]

INT8_MAX = 127
BITS_A_WORD = 64
FP16_BLOCK_ROWS = 512


class Codes(Protocol):
    """Item vectors in a code. It is built from unit rows, or rows of 0, float32 [n, dim]."""

    def scores(self, queries: Float32) -> Float32:
        """Estimated dot products with all items, float32 [queries, n]; 0 for a query or an item of norm 0."""

    def put(self, positions: Positions, vectors: Float32) -> None:
        """Replace these items' codes; where a position stands twice, the later row counts."""

    def rewind(self) -> None:
        """Hold exactly the codes that it was built with."""


class Fp32Codes:
    """The numbers as they are: exact in as many dimensions as there are."""

    def __init__(self, vectors: Float32) -> None:
        self._vectors = Rows(vectors)

    def scores(self, queries: Float32) -> Float32:
        """Dot products, float32 [queries, n]."""
        return dot_products(queries, self._vectors.array)

    def put(self, positions: Positions, vectors: Float32) -> None:
        """Replace these rows."""
        self._vectors.put(positions, vectors)

    def rewind(self) -> None:
        """Hold the rows that it was built with."""
        self._vectors.rewind()


class Fp16Codes:
    """Half precision, half of float32's memory. Blocks of rows become float32 in a core's cache, and are used there."""

    def __init__(self, vectors: Float32) -> None:
        self._codes = Rows(vectors.astype(np.float16))

    def scores(self, queries: Float32) -> Float32:
        """Dot products with the rounded rows, float32 [queries, n]."""
        import torch

        codes = torch.from_numpy(self._codes.array)  # numpy converts number by number
        blocks = [
            dot_products(queries, codes[start : start + FP16_BLOCK_ROWS].float().numpy())
            for start in range(0, len(codes), FP16_BLOCK_ROWS)
        ]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(queries), 0), np.float32)

    def put(self, positions: Positions, vectors: Float32) -> None:
        """Replace these rows."""
        self._codes.put(positions, vectors.astype(np.float16))

    def rewind(self) -> None:
        """Hold the rows that it was built with."""
        self._codes.rewind()


class Int8Codes:
    """One byte a dimension: round(127 · v / max |v|) by row, and the row's scale. A quarter of float32's memory.

    Queries are coded alike, and the products are summed in 32-bit integers, exactly.
    """

    def __init__(self, vectors: Float32) -> None:
        codes, scales = _int8(vectors)
        self._products, self._scales = int8_products(codes), Rows(scales)

    def scores(self, queries: Float32) -> Float32:
        """Estimated dot products, float32 [queries, n]."""
        codes, scales = _int8(queries)
        scores = self._products.of(codes)
        scores *= self._scales.array
        scores *= scales[:, None]
        return scores

    def put(self, positions: Positions, vectors: Float32) -> None:
        """Replace these items' codes."""
        codes, scales = _int8(vectors)
        self._products.put(positions, codes)
        self._scales.put(positions, scales)

    def rewind(self) -> None:
        """Hold the codes that it was built with."""
        self._products.rewind()
        self._scales.rewind()


class BinaryCodes:
    """One bit a dimension: whether it is above 0. A thirty-second of float32's memory.

    The estimate is cos(π · h / dim), h the number of dimensions that differ in sign: what it is in expectation for
    random directions (Charikar 2002).
    """

    def __init__(self, vectors: Float32) -> None:
        self._dim = vectors.shape[1]
        self._words, self._known = Rows(_signs(vectors)), Rows(_known(vectors))

    def scores(self, queries: Float32) -> Float32:
        """Estimated dot products, float32 [queries, n]."""
        words, known = self._words.array, self._known.array & _known(queries)[:, None]
        by_distance = np.cos(np.pi * np.arange(self._dim + 1) / self._dim).astype(np.float32)
        distances = np.zeros((len(queries), len(words)), np.int32)
        for place, word in enumerate(_signs(queries).T):
            distances += np.bitwise_count(word[:, None] ^ words[:, place])
        scores: Float32 = np.where(known, by_distance[distances], np.float32(0))
        return scores

    def put(self, positions: Positions, vectors: Float32) -> None:
        """Replace these rows."""
        self._words.put(positions, _signs(vectors))
        self._known.put(positions, _known(vectors))

    def rewind(self) -> None:
        """Hold the rows that it was built with."""
        self._words.rewind()
        self._known.rewind()


def truncated(vectors: Float32, dim: int) -> Float32:
    """The first dimensions alone, again at norm 1 (Kusupati et al. 2022); 0 where nothing is in them."""
    kept = np.ascontiguousarray(vectors[:, :dim])
    norms = np.linalg.norm(kept, axis=1, keepdims=True)
    return np.asarray(kept / np.where(norms > 0, norms, 1), np.float32)


def _int8(vectors: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Codes int8 [n, dim] and scales float32 [n]: codes · scale is nearest to the row."""
    largest = np.abs(vectors).max(axis=1, initial=0)
    scales = np.where(largest > 0, largest / INT8_MAX, 1).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def _signs(vectors: Float32) -> npt.NDArray[np.uint64]:
    """Bits above 0, uint64 [n, ⌈dim / 64⌉], filled up with zeros."""
    fill = -vectors.shape[1] % BITS_A_WORD
    bits = np.packbits(np.pad(vectors > 0, ((0, 0), (0, fill))), axis=1)
    return np.ascontiguousarray(bits).view(np.uint64)


def _known(vectors: Float32) -> npt.NDArray[np.bool_]:
    """Which rows are not all 0, bool [n]."""
    known: npt.NDArray[np.bool_] = np.count_nonzero(vectors, axis=1) > 0
    return known
