"""Resampling of values measured in processes, blocks within processes, and windows within blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Flag, auto

import numpy as np
import numpy.typing as npt

from bench.analysis.stats.quantile import quantile_rank
from bench.analysis.stats.samples import Samples, as_sequences

Nested = Sequence[Sequence[npt.ArrayLike]]
"""values[process][block] = [n] in time order; blocks may differ in length, processes in their number of blocks."""

_Index = npt.NDArray[np.int64]
_Orders = npt.NDArray[np.int32]

_GATHERED_AT_ONCE = 500_000
"""Values copied in one go, so that they stay in the processor's cache: 2 MB an arm."""


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


class QuantileResampler:
    """Draws quantiles of several arms that share a layout, with the same draws for all of them."""

    def __init__(self, arms: Sequence[Nested], p: float, window: int) -> None:
        """arms: values of each arm, all of one layout; p: the quantile; window: values that stay together, ≥ 1."""
        self._layout = Layout.of(arms[0])
        self._window = window
        self._place = quantile_rank(self._layout.n, p) - 1
        self._ordered = [np.sort(np.concatenate(flat_blocks(arm))) for arm in arms]
        self._orders = [_wrapped_orders(arm, self._layout) for arm in arms]

    def draw(self, levels: Level, count: int, rng: np.random.Generator) -> Samples:
        """Return float64 [arms, count]: quantiles of `count` resamples of the named levels, as many values in each."""
        drawn = np.empty((len(self._orders), count))
        first = 0
        for index in self._indices(levels, count, rng):
            rows = slice(first, first + index.shape[0])
            for arm, (ordered, orders) in enumerate(zip(self._ordered, self._orders, strict=True)):
                drawn[arm, rows] = ordered[np.partition(orders[index], self._place, axis=1)[:, self._place]]
            first = rows.stop
        return drawn

    def _indices(self, levels: Level, count: int, rng: np.random.Generator) -> Iterator[_Orders]:
        """Yield positions in the wrapped values, [rows, n] at a time, `count` rows in all.

        Every block is a slot with its own length; a slot is filled from a drawn block, with circular windows so that
        the ends of a block are drawn as often as its middle (Politis & Romano 1992).
        """
        lengths = self._layout.lengths
        wrapped_start = np.concatenate(([0], np.cumsum(lengths + lengths.max())[:-1]))
        window = np.full_like(lengths, self._window) if Level.WINDOW in levels else lengths
        slot_of_window = np.repeat(np.arange(lengths.size), -(-lengths // window))
        column_window, column_offset = _columns(lengths, np.minimum(window, lengths))
        rows = max(1, _GATHERED_AT_ONCE // self._layout.n)
        for first in range(0, count, rows):
            source = self._sources(levels, min(rows, count - first), rng)[:, slot_of_window]
            start = wrapped_start[source]
            if Level.WINDOW in levels:
                start += rng.integers(0, lengths[source])
            yield start.astype(np.int32)[:, column_window] + column_offset

    def _sources(self, levels: Level, rows: int, rng: np.random.Generator) -> _Index:
        """Return int64 [rows, blocks]: which measured block fills each slot."""
        blocks = self._layout.blocks
        processes = blocks.size
        first_block = np.concatenate(([0], np.cumsum(blocks)[:-1]))
        process_slot = np.repeat(np.arange(processes), blocks)
        process = np.broadcast_to(np.arange(processes), (rows, processes))
        if Level.PROCESS in levels:
            process = rng.integers(0, processes, (rows, processes))
        chosen = process[:, process_slot]
        place = (np.arange(process_slot.size) - first_block[process_slot]) % blocks[chosen]
        if Level.BLOCK in levels:
            place = rng.integers(0, blocks[chosen])
        return np.asarray(first_block[chosen] + place, dtype=np.int64)


def _wrapped_orders(values: Nested, layout: Layout) -> _Orders:
    """Return where each value stands among all of them in order: int32 is gathered and selected faster than float64.

    Each block is followed by its own values again, as many as the longest block has, so that windows can wrap.
    """
    orders = np.empty(layout.n, dtype=np.int32)
    orders[np.argsort(np.concatenate(flat_blocks(values)), kind="stable")] = np.arange(layout.n, dtype=np.int32)
    blocks = np.split(orders, np.cumsum(layout.lengths)[:-1])
    longest = int(layout.lengths.max())
    return np.concatenate([np.resize(block, block.size + longest) for block in blocks])


def _columns(lengths: _Index, window: _Index) -> tuple[_Index, _Orders]:
    """Return, for every value of a resample, its window (counted over all slots) and its offset within that window."""
    within_slot = [np.arange(length) for length in lengths]
    windows_before = np.concatenate(([0], np.cumsum(-(-lengths // window))[:-1]))
    column_window = [before + i // w for before, i, w in zip(windows_before, within_slot, window, strict=True)]
    column_offset = [i % w for i, w in zip(within_slot, window, strict=True)]
    return np.concatenate(column_window), np.concatenate(column_offset).astype(np.int32)
