"""A cache of vectors around any dense encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.caches import Key, Vector, VectorCache, VectorStore
from recsys.encoders.batching import Composed, Computed, forward_all
from recsys.encoders.protocol import Encoder, EncoderInfo
from recsys.errors import BadOptions
from recsys.types import Prepared


@dataclass(frozen=True, slots=True)
class CachedTexts:
    """A Prepared that carries the vectors known already and the inner Prepared of the others.

    keys: of each row. vectors: of each row, None for a miss. slots: int64 [n], a miss's row in `missed`, else -1.
    missed: the inner encoder's, None when nothing was missed. generation: of the cache, when it was asked.
    """

    keys: tuple[Key, ...]
    vectors: tuple[Vector | None, ...]
    slots: npt.NDArray[np.int64]
    missed: Prepared | None
    generation: int

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """Which rows came from the cache, bool [n]."""
        return self.slots < 0

    @property
    def firsts(self) -> dict[Key, int]:
        """The rows that will be encoded: the first row of each text that was missed."""
        rows: dict[Key, int] = {}
        for row in np.flatnonzero(self.slots >= 0).tolist():
            rows.setdefault(self.keys[row], row)
        return rows

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Tokens that will be computed: 0 for a hit, and for a miss that repeats an earlier row of this batch.

        At the most: what another thread or batch has computed by then costs nothing any more.
        """
        tokens = np.zeros(len(self), np.int64)
        if self.missed is not None:
            firsts = list(self.firsts.values())
            tokens[firsts] = self.missed.n_tokens[self.slots[firsts]]
        return tokens

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: npt.NDArray[np.intp]) -> CachedTexts:
        """The texts of these rows, in the order given."""
        chosen = np.asarray(rows, np.intp)
        slots, missed = self.slots[chosen], None
        if self.missed is not None:
            used, slots = np.unique(slots, return_inverse=True)
            if len(used) and used[0] < 0:
                used, slots = used[1:], slots - 1
            missed = self.missed.take(used.astype(np.intp)) if len(used) else None
        places = chosen.tolist()
        return CachedTexts(
            tuple([self.keys[row] for row in places]),
            tuple([self.vectors[row] for row in places]),
            slots.astype(np.int64),
            missed,
            self.generation,
        )

    def concat(self, others: Sequence[CachedTexts]) -> CachedTexts:
        """This batch followed by the others, which come from the same cache."""
        batches = [self, *others]
        shift, slots, missed = 0, [], []
        for batch in batches:
            slots.append(np.where(batch.slots >= 0, batch.slots + shift, -1))
            if batch.missed is not None:
                shift += len(batch.missed)
                missed.append(batch.missed)
        return CachedTexts(
            tuple([key for batch in batches for key in batch.keys]),
            tuple([vector for batch in batches for vector in batch.vectors]),
            np.concatenate(slots),
            missed[0].concat(missed[1:]) if missed else None,
            min(batch.generation for batch in batches),
        )


class CachedEncoder(Composed):
    """An Encoder that remembers the vectors of the texts it has seen.

    Hits are decided in prepare; their vectors travel with the batch, so that an eviction before forward changes
    nothing. A text that is missed several times, in one batch, in the next or in those of other threads with the same
    cache, is encoded once. hits, misses: in texts, of this thread.
    """

    def __init__(self, encoder: Encoder, cache: VectorCache) -> None:
        """Raise BadOptions for sparse vectors, cheaper than a look-up."""
        if encoder.info.sparse:
            raise BadOptions(
                "cache: this encoder's vectors are sparse, only dense ones are kept. Next: leave the cache out"
            )
        self._encoder = encoder
        self.cache = cache
        self.hits = 0
        self.misses = 0
        self._identify()

    def beside(self, encoder: Encoder) -> CachedEncoder:
        """Another thread's, around an encoder of its own and with the same cache."""
        return CachedEncoder(encoder, self.cache)

    @property
    def info(self) -> EncoderInfo:
        """The inner encoder's."""
        return self._encoder.info

    @property
    def store(self) -> VectorStore:
        """Where the vectors lie."""
        return self.cache.store

    def clear(self) -> None:
        """Forget all vectors and start counting anew."""
        self.store.clear()
        self.hits = self.misses = 0

    @property
    def inner(self) -> Encoder:
        """The encoder that computes what the cache does not hold."""
        return self._encoder

    def forget(self, texts: Sequence[str]) -> None:
        """Make room: these texts will not be asked for any more. If they are, they are encoded anew.

        A vector is never out of date, since its text is its key.
        """
        self.store.drop(self._keys(texts))

    def fit(self, texts: Sequence[str]) -> None:
        """Fit the inner encoder; vectors from before are forgotten."""
        self._encoder.fit(texts)
        self._identify()
        self.clear()

    def prepare(self, texts: Sequence[str]) -> CachedTexts:
        """Look the texts up, and prepare those that are missing, each once."""
        generation, keys = self.cache.generation, self._keys(texts)
        vectors = self._look_up(keys)
        slot_of: dict[Key, int] = {}
        slots = [
            slot_of.setdefault(key, len(slot_of)) if vector is None else -1
            for key, vector in zip(keys, vectors, strict=True)
        ]
        missed = self._encoder.prepare([key.text for key in slot_of]) if slot_of else None
        return CachedTexts(keys, tuple(vectors), np.array(slots, np.int64), missed, generation)

    def forward(self, prepared: CachedTexts) -> Vector:
        """float32 [n, dim]; encodes what was missed, padded as it is, and remembers it."""

        def compute(missed: Prepared) -> Computed:
            n_tokens = missed.n_tokens
            padded_tokens = len(missed) * int(n_tokens.max()) if self.info.pads else int(n_tokens.sum())
            return Computed(self._encoder.forward(missed), n_tokens, padded_tokens)

        return np.asarray(self._complete(prepared, compute).vectors)

    def forward_all(self, prepared: CachedTexts) -> Computed:
        """The same for any number of texts: what was missed is sorted by length and cut into batches."""
        return self._complete(prepared, lambda missed: forward_all(self._encoder, missed))

    def encode(self, texts: Sequence[str]) -> Vector:
        """float32 [n, dim] in the order given; what was missed goes through the inner encode."""
        generation, keys = self.cache.generation, self._keys(texts)
        vectors = self._look_up(keys)
        missing = list(dict.fromkeys(key for key, vector in zip(keys, vectors, strict=True) if vector is None))

        def compute(own: list[Key]) -> Vector:
            return np.asarray(self._encoder.encode([key.text for key in own]))

        found = self.cache.complete(missing, generation, compute) if missing else {}
        return self._assemble(keys, vectors, found)

    def remember(self, texts: Sequence[str], vectors: Vector) -> None:
        """Keep these vectors, copied out of their batch."""
        self.cache.put({key: vector.copy() for key, vector in zip(self._keys(texts), vectors, strict=True)})

    def close(self) -> None:
        """Close the store and the inner encoder."""
        self.store.close()
        self._encoder.close()

    def _complete(self, prepared: CachedTexts, forward: Callable[[Prepared], Computed]) -> Computed:
        """All vectors, and the tokens that were computed for them here and now."""
        n_tokens, padded_tokens = np.zeros(len(prepared), np.int64), 0
        if prepared.missed is None:
            return Computed(self._assemble(prepared.keys, prepared.vectors, {}), n_tokens, padded_tokens)
        missed, firsts = prepared.missed, prepared.firsts

        def compute(own: list[Key]) -> Vector:
            nonlocal padded_tokens
            rows = [firsts[key] for key in own]
            wanted = prepared.slots[rows].astype(np.intp)
            in_order = len(wanted) == len(missed) and bool((np.diff(wanted) == 1).all())
            computed = forward(missed if in_order else missed.take(wanted))
            n_tokens[rows] = computed.n_tokens
            padded_tokens += computed.padded_tokens
            return np.asarray(computed.vectors)

        found = self.cache.complete(list(firsts), prepared.generation, compute)
        return Computed(self._assemble(prepared.keys, prepared.vectors, found), n_tokens, padded_tokens)

    def _look_up(self, keys: Sequence[Key]) -> list[Vector | None]:
        """Vector of each key or None. Counts."""
        vectors = self.store.get(keys)
        misses = [vector is None for vector in vectors].count(True)
        self.hits += len(vectors) - misses
        self.misses += misses
        return vectors

    def _assemble(self, keys: Sequence[Key], vectors: Sequence[Vector | None], found: dict[Key, Vector]) -> Vector:
        """One row a text: the vector it came with, or the one just computed."""
        rows = [found[key] if vector is None else vector for key, vector in zip(keys, vectors, strict=True)]
        if not rows:
            return np.empty((0, self.info.dim), np.float32)
        return np.concatenate(rows).reshape(len(rows), -1)  # np.stack takes three times as long for one

    def _identify(self) -> None:
        """What all keys have in common is what the encoder is, until it is fitted."""
        info = self._encoder.info
        self._identity = info.revision, info.precision, info.prompt, info.max_tokens

    def _keys(self, texts: Sequence[str]) -> tuple[Key, ...]:
        return tuple([Key(*self._identity, text) for text in texts])
