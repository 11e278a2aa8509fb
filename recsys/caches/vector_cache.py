"""A store of vectors that the encoders of several threads share: what one of them computes, the others wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from recsys.caches.protocol import Key, Vector, VectorStore

Compute = Callable[[list[Key]], Vector]
"""Vectors of these keys, float32 [n, dim]; may raise."""


class VectorCache:
    """A store, and the vectors on their way into it: each is computed by one thread at a time (single flight).

    generation: rises whenever something was put, so that one who looked before knows whether to look again.
    """

    def __init__(self, store: VectorStore) -> None:
        self.store = store
        self.generation = 0
        self._flights: dict[Key, Future[Vector | None]] = {}
        self._boarding = threading.Lock()

    def put(self, vectors: Mapping[Key, Vector]) -> None:
        """Keep these."""
        self.store.put(vectors)
        with self._boarding:
            self.generation += 1

    def complete(self, keys: Sequence[Key], seen_generation: int, compute: Compute) -> dict[Key, Vector]:
        """The vectors of these keys, all different, that were not in the store when it was at that generation.

        Those that another thread computes meanwhile are waited for; the others are computed here, after another look
        into the store if something was put since. Where the other thread fails, this one computes in its place, and
        raises what its own attempt raises. Own flights end before others are waited for, so no two threads can wait for
        each other.
        """
        found: dict[Key, Vector] = {}
        while missing := [key for key in keys if key not in found]:
            own, others = self._board(missing)
            found |= self._fly(own, seen_generation, compute)
            for key, flight in others.items():
                vector = flight.result()
                if vector is not None:
                    found[key] = vector
        return found

    def _board(self, keys: Sequence[Key]) -> tuple[list[Key], dict[Key, Future[Vector | None]]]:
        """Those that nobody computes, which are this thread's from now on, and the flights of the others."""
        with self._boarding:
            others = {key: self._flights[key] for key in keys if key in self._flights}
            own = [key for key in keys if key not in others]
            self._flights.update((key, Future()) for key in own)
        return own, others

    def _fly(self, own: list[Key], seen_generation: int, compute: Compute) -> dict[Key, Vector]:
        """Find or compute what this thread has taken over; whatever happens, its flights end here."""
        found: dict[Key, Vector] = {}
        try:
            if own and self.generation != seen_generation:
                kept = zip(own, self.store.get(own), strict=True)
                found = {key: vector for key, vector in kept if vector is not None}
            if left := [key for key in own if key not in found]:
                computed = {key: vector.copy() for key, vector in zip(left, compute(left), strict=True)}
                self.put(computed)
                found |= computed
        finally:
            with self._boarding:
                flights = [(key, self._flights.pop(key)) for key in own]
            for key, flight in flights:
                flight.set_result(found.get(key))
        return found
