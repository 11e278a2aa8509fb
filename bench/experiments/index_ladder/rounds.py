"""Every index of every size in a process of its own, by turns, so that a machine that changes changes all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.analysis.index_ladder import IndexLadder, Rung, rung_of
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.index_ladder.index_speed import DIM, IndexSpeed, TimeIndex
from bench.experiments.index_ladder.subjects import LadderIndex


@dataclass(frozen=True, slots=True)
class Climb:
    """What is to be measured: these indexes at these sizes. n_queries: of a round."""

    sizes: Sequence[int]
    indexes: Sequence[LadderIndex]
    threads: int
    n_queries: int
    rounds: int


def measure_index_ladder(climb: Climb, say: Callable[[str], None]) -> IndexLadder:
    """Speed, memory and fidelity of each index, size by size. Raises NothingMeasured where a process dies."""
    rungs: list[Rung] = []
    for n_items in climb.sizes:
        chosen = [index for index in climb.indexes if n_items <= index.most_items]
        found: dict[str, list[IndexSpeed]] = {index.label: [] for index in chosen}
        for number in range(climb.rounds):
            for index in chosen:
                with MeasuringProcess() as process:
                    asked = TimeIndex(index, n_items, climb.n_queries, climb.threads)
                    found[index.label].append(process.ask(asked))
            say(f"{n_items:,} items: round {number + 1} of {climb.rounds}")
        rungs += [_rung(index, n_items, found[index.label]) for index in chosen]
    return IndexLadder(climb.threads, DIM, tuple(rungs))


def _rung(index: LadderIndex, n_items: int, speeds: Sequence[IndexSpeed]) -> Rung:
    return rung_of(
        index=index.label,
        n_items=n_items,
        build_s=statistics.median(speed.build_s for speed in speeds),
        add_s_per_1k=statistics.median(speed.add_s for speed in speeds) * 1000 / min(1000, n_items),
        resident_bytes=int(statistics.median(speed.resident_bytes for speed in speeds)),
        fidelity_at_10=speeds[0].fidelity_at_10,
        times_ns=(
            np.concatenate([speed.query_ns for speed in speeds]),
            np.concatenate([speed.sum_ns for speed in speeds]),
        ),
    )
