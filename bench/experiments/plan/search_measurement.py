"""What an arm's index takes and holds at two sizes, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.analysis.plan.search_cost import SearchCost
from bench.clock import MonotonicClock
from bench.experiments.arm_worker import Subject
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.index_ladder.index_speed import IndexSpeed, K, TimeIndex
from bench.experiments.index_ladder.subjects import LadderIndex
from bench.measure.arm import encode_catalogue
from recsys.data.loading import load_dataset
from recsys.encoders.protocol import EncoderInfo
from recsys.index import build_index

SIZES = (20_000, 100_000)
QUERIES = 100
ON_A_GPU = "device"
SPARSE = "sparse"


@dataclass(frozen=True)
class SparseSpeed:
    """As IndexSpeed has them. resident_bytes: of the rows, since a sparse index holds them and little else."""

    resident_bytes: int
    query_ns: np.ndarray


@dataclass(frozen=True)
class TimeSparseIndex:
    """Search an index of the arm's own sparse vectors, the catalogue repeated until there are so many items."""

    subject: Subject
    n_items: int
    n_queries: int

    def run(self, clock: MonotonicClock) -> SparseSpeed:
        """The index's speed and size."""
        scenario, arm = self.subject.scenario, self.subject.arm
        dataset = load_dataset(scenario.data.kind, data_dirs=self.subject.data_dirs, **scenario.data.options)
        own = encode_catalogue(scenario, arm, dataset, clock).item_vectors
        rows = own[np.arange(self.n_items) % own.shape[0]]
        built = build_index(arm.index.kind if arm.index else None, rows, **(arm.index.options if arm.index else {}))
        nothing, query_ns = [np.zeros(0, np.int32)], np.zeros(self.n_queries, np.int64)
        for place in range(self.n_queries):
            query = own[[place % own.shape[0]]]
            start_ns = clock.now_ns()
            built.search(query, K, nothing)
            query_ns[place] = clock.now_ns() - start_ns
        return SparseSpeed(rows.data.nbytes + rows.indices.nbytes + rows.indptr.nbytes, query_ns)


def measure_search(subject: Subject, info: EncoderInfo, threads: int) -> SearchCost | None:
    """Median searches and memory at two sizes; None for what is not in this process or lives on a GPU.

    info: of the arm's encoder. Raises NothingMeasured.
    """
    arm = subject.arm
    kind = arm.index.kind if arm.index else (SPARSE if info.sparse else "exact")
    if arm.is_foreign or kind == ON_A_GPU:
        return None
    index = LadderIndex(kind, kind, arm.index.options if arm.index else {})
    speeds: list[SparseSpeed | IndexSpeed] = []
    with MeasuringProcess() as process:
        for n_items in SIZES:
            if kind == SPARSE:
                speeds.append(process.ask(TimeSparseIndex(subject, n_items, QUERIES)))
            else:
                speeds.append(process.ask(TimeIndex(index, n_items, QUERIES, threads, info.dim)))
    first, second = (float(np.median(speed.query_ns)) for speed in speeds)
    held = tuple(int(speed.resident_bytes) for speed in speeds)
    return SearchCost(kind, SIZES, (first, second), (held[0], held[1]))
