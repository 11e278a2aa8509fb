"""Values measured in processes and in blocks within processes: their layout, and resampling by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Flag, auto

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.samples import Samples, as_sequences

Nested = Sequence[Sequence[npt.ArrayLike]]
"""values[process][block] = [n] in time order; blocks may differ in length, processes in their number of blocks."""

_Index = npt.NDArray[np.int64]

_MOST_SEGMENTS = 4000
"""Of all blocks together: a standard error from a thousand windows is known to 2 %, more would only cost time."""

_SEGMENTS_A_WINDOW = 4
"""A window may start at every quarter of its length, which loses nothing against every value (Künsch 1989, §3.3)."""


class Level(Flag):
    """What is drawn anew, with replacement; what is not stays as it was measured."""

    PROCESS = auto()
    BLOCK = auto()
    WINDOW = auto()


@dataclass(frozen=True, slots=True)
class Layout:
    """How many values lie where. lengths: int64 [blocks]; blocks: int64 [processes], number of blocks of each."""

    lengths: _Index
    blocks: _Index

    @classmethod
    def of(cls, values: Nested) -> Layout:
        """Return the layout of the values; raises ValueError where a process or block is empty."""
        if not values:
            raise ValueError("no process given; values[process][block] needs at least one")
        arrays = [as_sequences(process) for process in values]
        lengths = [block.size for process in arrays for block in process]
        return cls(np.array(lengths, dtype=np.int64), np.array([len(process) for process in arrays], dtype=np.int64))

    @property
    def n(self) -> int:
        """Number of values."""
        return int(self.lengths.sum())


def common_layout(base: Nested, head: Nested) -> Layout:
    """Return the layout that both arms share; raises ValueError where they differ, since then nothing is paired."""
    layout, other = Layout.of(base), Layout.of(head)
    if not (np.array_equal(layout.blocks, other.blocks) and np.array_equal(layout.lengths, other.lengths)):
        raise ValueError(
            f"arms do not hold the same blocks: {layout.blocks.tolist()} blocks a process with "
            f"{layout.lengths.tolist()} requests against {other.blocks.tolist()} with {other.lengths.tolist()}; "
            "compare the same slices, settled by the same number of requests"
        )
    return layout


def flat_blocks(values: Nested) -> list[Samples]:
    """Return all blocks of all processes in order."""
    return [block for process in values for block in as_sequences(process)]


class Segments:
    """Blocks cut into short stretches that a resample holds so many times: what windows are put together from.

    A resample is the number of times that each segment was drawn, not a copy of its values, so that its size does not
    grow with that of the sample.
    """

    def __init__(self, layout: Layout, window: int) -> None:
        """window: values that stay together, ≥ 1; longer where the blocks would have more than 4,000 segments."""
        self._layout = layout
        length = max(1, window // _SEGMENTS_A_WINDOW, -(-layout.n // _MOST_SEGMENTS))
        self._of_block = -(-layout.lengths // length)
        self._windows = np.maximum(1, np.rint(layout.lengths / max(window, length)).astype(np.int64))
        self._in_window = np.maximum(1, np.rint(self._of_block / self._windows).astype(np.int64))
        self.count = int(self._of_block.sum())
        self.window = int((layout.lengths * self._in_window // self._of_block).max())

    def of_values(self) -> _Index:
        """Return int64 [n]: the segment of each value, the blocks one after the other."""
        first = np.cumsum(self._of_block) - self._of_block
        parts = zip(first, self._layout.lengths, self._of_block, strict=True)
        return np.concatenate([start + np.arange(n) * segments // n for start, n, segments in parts])

    def draw(self, levels: Level, count: int, rng: np.random.Generator) -> Samples:
        """Return float64 [count, segments]: how many times each of `count` resamples of the levels holds a segment."""
        blocks = self._drawn_blocks(levels, count, rng)
        if Level.WINDOW not in levels:
            return np.repeat(blocks, self._of_block, axis=1).astype(np.float64)
        return np.concatenate(
            [self._drawn_windows(place, blocks[:, place], rng) for place in range(blocks.shape[1])], axis=1
        )

    def _drawn_blocks(self, levels: Level, count: int, rng: np.random.Generator) -> _Index:
        """Return int64 [count, blocks]: how many times each block was drawn, within as many processes as were."""
        blocks = self._layout.blocks
        processes = np.ones((count, blocks.size), dtype=np.int64)
        if Level.PROCESS in levels:
            processes = _equal_draws(processes.sum(axis=1), blocks.size, rng)
        if Level.BLOCK not in levels:
            return np.repeat(processes, blocks, axis=1)
        return np.concatenate([_equal_draws(t * n, n, rng) for t, n in zip(processes.T, blocks, strict=True)], axis=1)

    def _drawn_windows(self, block: int, times: _Index, rng: np.random.Generator) -> Samples:
        """Return float64 [count, segments of the block], a block's size a time it was drawn; times: int64 [count].

        Windows are circular, so that the ends of a block are drawn as often as its middle (Politis & Romano 1992).
        """
        segments, windows, span = self._of_block[block], self._windows[block], self._in_window[block]
        starts = _equal_draws(times * windows, segments, rng)
        wrapped = np.concatenate(
            (np.zeros((times.size, 1), np.int64), starts[:, segments - span + 1 :], starts), axis=1
        )
        total = np.cumsum(wrapped, axis=1)
        drawn: Samples = (total[:, span:] - total[:, :-span]) * (segments / (windows * span))
        return drawn


def _equal_draws(draws: _Index, among: int, rng: np.random.Generator) -> _Index:
    """Return int64 [rows, among]: how often each of `among` equal places came up in that row's draws [rows]."""
    row = np.repeat(np.arange(draws.size), draws)
    place = rng.integers(0, among, row.size)
    return np.bincount(row * among + place, minlength=draws.size * among).reshape(draws.size, among)
