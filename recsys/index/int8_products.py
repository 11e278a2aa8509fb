"""Products of 8-bit queries with many 8-bit rows, summed exactly; rows in their own order, or packed for the CPU."""

from __future__ import annotations

import platform
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recsys.index.replaced import Replaced
from recsys.index.rows import Rows
from recsys.models.cpu_features import has_int8_dot_product
from recsys.types import Positions

Int8 = npt.NDArray[np.int8]
Float32 = npt.NDArray[np.float32]

X86 = frozenset({"x86_64", "AMD64"})
SIGN_OFFSET = 128
"""The packed product takes queries as bytes: q is q + 128, and what that adds is taken off again in it."""


class Int8Products(Protocol):
    """Rows int8 [n, dim], of which single ones can be replaced."""

    def of(self, queries: Int8) -> Float32:
        """Dot products of int8 [queries, dim] with all rows, float32 [queries, n] of integers."""

    def put(self, positions: Positions, rows: Int8) -> None:
        """Replace these rows; where a position stands twice, the later row counts."""

    def rewind(self) -> None:
        """Hold exactly the rows that it was built with."""


def int8_products(rows: Int8) -> Int8Products:
    """The faster kind that this CPU can have."""
    return PackedRows(rows) if rows.size and _can_pack() else PlainRows(rows)


class PlainRows:
    """Rows as they are."""

    def __init__(self, rows: Int8) -> None:
        self._rows = Rows(rows)

    def of(self, queries: Int8) -> Float32:
        """Dot products, float32 [queries, n]."""
        return _products(queries, self._rows.array)

    def put(self, positions: Positions, rows: Int8) -> None:
        """Replace these rows."""
        self._rows.put(positions, rows)

    def rewind(self) -> None:
        """Hold the rows that it was built with."""
        self._rows.rewind()


class PackedRows:
    """Rows in oneDNN's order, read at the memory's pace: 100,000 × 384 in 3.8 ms where rows in their own take 4.8.

    Packed ones cannot be replaced: rows that are put stand apart, and their products take the places of the old. A
    search may run while rows are put.
    """

    def __init__(self, rows: Int8) -> None:
        import torch

        self._packed = torch.ops.onednn.qlinear_prepack(
            torch.from_numpy(np.ascontiguousarray(rows)), [1, rows.shape[1]]
        )
        self._scale, self._zero = torch.ones(1), torch.zeros(1, dtype=torch.int32)
        self._putting = Lock()
        self._replaced = Replaced.none(rows)

    def of(self, queries: Int8) -> Float32:
        """Dot products, float32 [queries, n]."""
        import torch

        shifted = torch.from_numpy((queries.astype(np.int16) + SIGN_OFFSET).astype(np.uint8))
        rows = (self._packed, self._scale, self._zero)
        nothing_after: tuple[Any, ...] = (None, 1.0, 0, torch.float32, "none", [], "")
        multiply = torch.ops.onednn.qlinear_pointwise.default
        products: Float32 = multiply(shifted, 1.0, SIGN_OFFSET, *rows, *nothing_after).numpy()
        replaced = self._replaced  # read once: it may be another from one line to the next
        if replaced.count:
            products[:, replaced.positions[: replaced.count]] = _products(queries, replaced.rows[: replaced.count])
        return products

    def put(self, positions: Positions, rows: Int8) -> None:
        """Hold these rows beside the packed ones."""
        with self._putting:
            self._replaced = self._replaced.having(positions, rows)

    def rewind(self) -> None:
        """Hold the packed rows alone."""
        with self._putting:
            self._replaced = Replaced.none(self._replaced.rows)


def _products(queries: Int8, rows: Int8) -> Float32:
    """PyTorch's product of 8-bit matrices, one for which numpy has no fast way; the long one first, as it is faster."""
    import torch

    products = torch._int_mm(torch.from_numpy(rows), torch.from_numpy(queries).t())
    by_query: Float32 = products.t().contiguous().float().numpy()
    return by_query


def _can_pack() -> bool:
    """Whether oneDNN is there, and the CPU sums products of 8 bits in 32: without, pairs of them overflow 16 bits.

    Only on x86, where it was found to be faster.
    """
    import torch

    here = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    has_product = all(hasattr(torch.ops.onednn, name) for name in ("qlinear_prepack", "qlinear_pointwise"))
    return bool(here) and has_product and platform.machine() in X86 and has_int8_dot_product()
