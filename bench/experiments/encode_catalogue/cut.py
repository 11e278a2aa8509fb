"""A catalogue cut into shards: each text once, the longest first, so that like lengths are computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Shard:
    """Texts to encode, and whose they are. texts: all different, longest first.

    positions int32 [items]: in the catalogue, text after text. rows int32 [items]: which of the texts each has.
    item_ids [items].
    """

    number: int
    texts: tuple[str, ...]
    positions: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    item_ids: tuple[str, ...]


class CatalogueCut:
    """The order of a catalogue's items by text, and where its shards begin; shards are made when they are asked for.

    The longest come first: what they need of memory shows at once, and what is left goes faster than what is done.
    Lengths are in characters, which are known without a tokenizer; within a shard the encoder sorts by tokens.
    """

    def __init__(self, item_ids: Sequence[str], texts: Sequence[str], texts_per_shard: int) -> None:
        self._item_ids = item_ids
        self._texts = texts
        self._texts_per_shard = texts_per_shard
        order = sorted(range(len(texts)), key=texts.__getitem__)
        order.sort(key=lambda position: -len(texts[position]))
        self._order = np.array(order, np.int32)
        new = [place == 0 or texts[order[place - 1]] != texts[order[place]] for place in range(len(order))]
        self._starts = np.append(np.flatnonzero(new), len(order))  # where each different text begins, and the end

    @property
    def n_texts(self) -> int:
        """Different texts."""
        return len(self._starts) - 1

    def shards(self, numbers: Sequence[int]) -> Iterator[Shard]:
        """These shards, one after another."""
        for number in numbers:
            first = number * self._texts_per_shard
            starts = self._starts[first : first + self._texts_per_shard + 1]
            positions = self._order[starts[0] : starts[-1]]
            rows = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
            texts = tuple([self._texts[self._order[start]] for start in starts[:-1].tolist()])
            yield Shard(number, texts, positions, rows, tuple([self._item_ids[place] for place in positions.tolist()]))
