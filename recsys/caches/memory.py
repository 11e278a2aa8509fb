"""A cache in this process, bounded in bytes, least recently used out first."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cachetools import LRUCache
from pydantic import Field

from recsys.caches import CACHES
from recsys.caches.protocol import Key, Vector
from recsys.options import OptionsModel

BYTES_PER_MB = 1_000_000
ENTRY_OVERHEAD_BYTES = 400
"""Beyond text and numbers: key tuple, array header and the cache's own two records of an entry (CPython, 64 bits)."""


class MemoryOptions(OptionsModel):
    """capacity_mb: of texts, vectors and their keeping."""

    capacity_mb: float = Field(64, gt=0)


class Entry(NamedTuple):
    """A vector and the bytes that it, its text and their keeping take."""

    vector: Vector
    size_bytes: int


class EntryCache(LRUCache[Key, Entry]):
    """An LRU cache that counts what it throws out."""

    def __init__(self, capacity_bytes: int) -> None:
        super().__init__(capacity_bytes, getsizeof=lambda entry: entry.size_bytes)
        self.evictions = 0

    def popitem(self) -> tuple[Key, Entry]:
        """Remove the least recently used entry."""
        self.evictions += 1
        return super().popitem()


@CACHES.register("memory")
class MemoryStore:
    """Vectors by key, one thread at a time: a look-up moves its entry to the front."""

    Options = MemoryOptions
    errors = 0

    def __init__(self, options: MemoryOptions) -> None:
        self._entries = EntryCache(round(options.capacity_mb * BYTES_PER_MB))
        self._alone = threading.Lock()

    @property
    def evictions(self) -> int:
        """Vectors thrown out so far."""
        return self._entries.evictions

    @property
    def size_bytes(self) -> int:
        """Bytes held, an estimate within some tens an entry."""
        return int(self._entries.currsize)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, keys: Sequence[Key]) -> list[Vector | None]:
        """The vector of each key, which is then the most recently used."""
        with self._alone:
            entries = [self._entries.get(key) for key in keys]
        return [entry.vector if entry else None for entry in entries]

    def put(self, vectors: Mapping[Key, Vector]) -> None:
        """Keep these; one that is larger than the cache is left out."""
        for key, vector in vectors.items():
            size_bytes = vector.nbytes + sys.getsizeof(key.text) + ENTRY_OVERHEAD_BYTES
            if size_bytes <= self._entries.maxsize:
                with self._alone:
                    self._entries[key] = Entry(vector, size_bytes)

    def drop(self, keys: Sequence[Key]) -> None:
        """Forget these; they do not count as thrown out."""
        with self._alone:
            for key in keys:
                self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything and count anew."""
        with self._alone:
            self._entries = EntryCache(int(self._entries.maxsize))

    def close(self) -> None:
        """Forget everything."""
        self.clear()
