"""Threads that read the rows of an index side by side: one core cannot use all of a machine's memory bandwidth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from recsys.index.products import FEW_QUERIES, Float32, dot_products

PART_BYTES = 4 * 1024 * 1024
"""Rows of fewer bytes are read in less time than it takes to wake a thread for them."""


class ReadingCrew:
    """Dot products by so many threads; how many they are changes none of them.

    Many queries are a matrix product, which has threads of its own.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._helpers = ThreadPoolExecutor(threads - 1, thread_name_prefix="index") if threads > 1 else None

    def dot_products(self, queries: Float32, rows: Float32) -> Float32:
        """Float32 [queries, n] of float32 [queries, dim] and [n, dim]."""
        parts = min(self._threads, rows.nbytes // PART_BYTES)
        if self._helpers is None or len(queries) > FEW_QUERIES or parts < 2:
            return dot_products(queries, rows)
        mine, *others = np.array_split(rows, parts)
        helped = [self._helpers.submit(dot_products, queries, part) for part in others]
        return np.concatenate([dot_products(queries, mine), *(part.result() for part in helped)], axis=1)
