"""How fast one index of one size is, alone in its process, beside a sum over the vectors that it holds."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S, MonotonicClock
from bench.experiments.index_ladder.subjects import LadderIndex, made_up_vectors
from recsys.index import INDEXES, Index, build_index
from recsys.quality import fidelity

DIM = 384
K = 10
ADDED = 1000
WARM_UPS = 5
FIDELITY_QUERIES = 100
TIE_TOLERANCE = 1e-5


@dataclass(frozen=True)
class IndexSpeed:
    """build_s. add_s: to put 1,000 items, or all where there are fewer. resident_bytes: by which the process grew.

    query_ns, sum_ns int64 [queries]: of a search for ten, and of a float32 sum over the vectors right after it.
    """

    build_s: float
    add_s: float
    resident_bytes: int
    fidelity_at_10: float
    query_ns: npt.NDArray[np.int64]
    sum_ns: npt.NDArray[np.int64]


@dataclass(frozen=True)
class TimeIndex:
    """Build it, search it, put new items. threads: of the index, of faiss and PyTorch, and of the sum beside it.

    dim: of the vectors, which are made up.
    """

    index: LadderIndex
    n_items: int
    n_queries: int
    threads: int
    dim: int = DIM

    def run(self, clock: MonotonicClock) -> IndexSpeed:
        """The index's speed, memory and fidelity."""
        import psutil

        _set_threads(self.threads)
        vectors, queries = made_up_vectors(self.n_items, self.dim, self.n_queries)
        _return_free_memory()
        memory = psutil.Process()
        before_bytes, start_ns = memory.memory_info().rss, clock.now_ns()
        built = build_index(self.index.kind, vectors, **self._options())
        build_s = (clock.now_ns() - start_ns) / NS_PER_S
        resident_bytes = memory.memory_info().rss - before_bytes
        query_ns, sum_ns = _times_ns(built, vectors, queries, clock)
        found = _fidelity(built, vectors, queries[:FIDELITY_QUERIES])
        added = np.arange(min(ADDED, self.n_items), dtype=np.int32)
        start_ns = clock.now_ns()
        built.put(added, vectors[added[::-1]])
        add_s = (clock.now_ns() - start_ns) / NS_PER_S
        return IndexSpeed(build_s, add_s, resident_bytes, found, query_ns, sum_ns)

    def _options(self) -> dict[str, object]:
        known = INDEXES.get(self.index.kind).Options.model_fields
        return {**self.index.options, **({"threads": self.threads} if "threads" in known else {})}


def _return_free_memory() -> None:
    """Hand pages that were freed back to the system, where the C library can: the index would be built in them."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _set_threads(threads: int) -> None:
    """Of PyTorch and faiss; they sleep at once, as one that spins after a sum keeps a core from the next search."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read where a library with OpenMP is loaded, which is here

    import torch

    torch.set_num_threads(threads)
    if find_spec("faiss") is not None:
        import faiss

        faiss.omp_set_num_threads(threads)


def _times_ns(
    built: Index, vectors: npt.NDArray[np.float32], queries: npt.NDArray[np.float32], clock: MonotonicClock
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A query and a sum by turns, so that both see the same machine and neither finds its data in the caches."""
    import torch

    everything, nothing = torch.from_numpy(vectors), [np.zeros(0, np.int32)]
    query_ns, sum_ns = np.zeros((2, len(queries)), np.int64)
    for row in range(-WARM_UPS, len(queries)):
        start_ns = clock.now_ns()
        built.search(queries[row : row + 1] if row >= 0 else queries[:1], K, nothing)
        done_ns = clock.now_ns()
        everything.sum()
        if row >= 0:
            query_ns[row], sum_ns[row] = done_ns - start_ns, clock.now_ns() - done_ns
    return query_ns, sum_ns


def _fidelity(built: Index, vectors: npt.NDArray[np.float32], queries: npt.NDArray[np.float32]) -> float:
    """Fidelity@10 against the exact scores, ties counted as hits."""
    depth = min(K, len(vectors))
    found = built.search(queries, K, [np.zeros(0, np.int32)] * len(queries))
    lists = np.full((len(queries), depth), -1, np.int32)
    for row, candidates in enumerate(found):
        lists[row, : len(candidates.positions)] = candidates.positions
    return float(np.mean(fidelity(lists, queries @ vectors.T, depth, TIE_TOLERANCE)))
