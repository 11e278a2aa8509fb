"""What a search takes and an index holds as the catalogue grows: two sizes measured, the law of its kind beyond."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

LOGARITHMIC = ("faiss_hnsw",)
"""Kinds that look at about log n items; all others look at every one."""


@dataclass(frozen=True, slots=True)
class SearchCost:
    """Two sizes of one index: items, median time of a search in ns, and bytes by which building it grew a process."""

    kind: str
    items: tuple[int, int]
    search_ns: tuple[float, float]
    index_bytes: tuple[int, int]

    @property
    def law(self) -> str:
        """How its time is taken to grow."""
        return "logarithmic" if self.kind in LOGARITHMIC else "linear"

    @property
    def bytes_per_item(self) -> float:
        """Of the larger size: what is the same for all sizes weighs least there."""
        return max(0.0, self.index_bytes[1] / self.items[1])

    def extra_ns(self, n_items: float, than_items: float) -> float:
        """How much longer a search takes in so many items than in so many."""
        return self._at_ns(n_items) - self._at_ns(than_items)

    def memory_bytes(self, n_items: float) -> float:
        """What the index holds."""
        return self.bytes_per_item * n_items

    def items_for(self, extra_ns: float, than_items: float) -> float:
        """The number of items at which a search takes so much longer; inf where it never does."""
        slope = self._slope()
        if slope <= 0:
            return math.inf
        at = self._scale(than_items) + extra_ns / slope
        return math.exp(min(at, 700.0)) if self.law == "logarithmic" else at

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"law": self.law, "bytes_per_item": self.bytes_per_item}

    def _at_ns(self, n_items: float) -> float:
        return self._slope() * self._scale(n_items)

    def _slope(self) -> float:
        """Time an item, or a factor of e in items."""
        low, high = (self._scale(n) for n in self.items)
        return max(0.0, (self.search_ns[1] - self.search_ns[0]) / (high - low))

    def _scale(self, n_items: float) -> float:
        return math.log(n_items) if self.law == "logarithmic" else n_items
