"""A cache of vectors around any dense encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.caches import Key, Vector, VectorStore
from recsys.encoders.protocol import Encoder, EncoderInfo
from recsys.errors import BadOptions
from recsys.types import Prepared


@dataclass(frozen=True, slots=True)
class CachedTexts:
    """A Prepared that carries the vectors known already and the inner Prepared of the others.

    texts: of each row. vectors: of each row, None for a miss. slots: int64 [n], a miss's row in `missed`, else -1.
    missed: the inner encoder's, None when nothing was missed.
    """

    texts: tuple[str, ...]
    vectors: tuple[Vector | None, ...]
    slots: npt.NDArray[np.int64]
    missed: Prepared | None

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """Which rows came from the cache, bool [n]."""
        return self.slots < 0

    @property
    def firsts(self) -> npt.NDArray[np.intp]:
        """The rows that will be encoded: the first row of each text that was missed."""
        seen: set[str] = set()
        rows = []
        for row in np.flatnonzero(self.slots >= 0).tolist():
            if self.texts[row] not in seen:
                seen.add(self.texts[row])
                rows.append(row)
        return np.array(rows, np.intp)

    @property
    def n_tokens(self) -> npt.NDArray[np.int64]:
        """Tokens that will be computed: 0 for a hit, and for a miss that repeats an earlier row of this batch."""
        tokens = np.zeros(len(self), np.int64)
        if self.missed is not None:
            firsts = self.firsts
            tokens[firsts] = self.missed.n_tokens[self.slots[firsts]]
        return tokens

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: npt.NDArray[np.intp]) -> CachedTexts:
        """The texts of these rows, in the order given."""
        chosen = np.asarray(rows, np.intp)
        used, slots = np.unique(self.slots[chosen], return_inverse=True)
        if len(used) and used[0] < 0:
            used, slots = used[1:], slots - 1
        missed = self.missed.take(used.astype(np.intp)) if self.missed is not None and len(used) else None
        return CachedTexts(
            tuple(self.texts[row] for row in chosen),
            tuple(self.vectors[row] for row in chosen),
            slots.astype(np.int64),
            missed,
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
            tuple(text for batch in batches for text in batch.texts),
            tuple(vector for batch in batches for vector in batch.vectors),
            np.concatenate(slots),
            missed[0].concat(missed[1:]) if missed else None,
        )


class CachedEncoder:
    """An Encoder that remembers the vectors of the texts it has seen, in a store of its own.

    Hits are decided in prepare; their vectors travel with the batch, so that an eviction before forward changes
    nothing. Texts missed several times in one batch are encoded once. hits, misses: in texts.
    """

    def __init__(self, encoder: Encoder, store: VectorStore) -> None:
        """Raise BadOptions for sparse vectors, cheaper than a look-up."""
        if encoder.info.sparse:
            raise BadOptions(
                "cache: this encoder's vectors are sparse, only dense ones are kept. Next: leave the cache out"
            )
        self._encoder = encoder
        self.store = store
        self.hits = 0
        self.misses = 0

    @property
    def info(self) -> EncoderInfo:
        """The inner encoder's."""
        return self._encoder.info

    def clear(self) -> None:
        """Forget all vectors and start counting anew."""
        self.store.clear()
        self.hits = self.misses = 0

    @property
    def inner(self) -> Encoder:
        """The encoder that computes what the cache does not hold."""
        return self._encoder

    def fit(self, texts: Sequence[str]) -> None:
        """Fit the inner encoder; vectors from before are forgotten."""
        self._encoder.fit(texts)
        self.clear()

    def prepare(self, texts: Sequence[str]) -> CachedTexts:
        """Look the texts up, and prepare those that are missing, each once."""
        vectors, slots, missing = self._look_up(texts)
        return CachedTexts(tuple(texts), vectors, slots, self._encoder.prepare(missing) if missing else None)

    def forward(self, prepared: CachedTexts) -> Vector:
        """float32 [n, dim]; encodes what was missed, padded as it is, and remembers it."""
        if prepared.missed is None:
            return self._assemble(prepared.texts, prepared.vectors, {})
        firsts = prepared.firsts
        wanted = prepared.slots[firsts].astype(np.intp)
        all_wanted = len(wanted) == len(prepared.missed) and bool((np.diff(wanted) == 1).all())
        encoded = self._encoder.forward(prepared.missed if all_wanted else prepared.missed.take(wanted))
        found = self.remember([prepared.texts[row] for row in firsts], np.asarray(encoded))
        return self._assemble(prepared.texts, prepared.vectors, found)

    def encode(self, texts: Sequence[str]) -> Vector:
        """float32 [n, dim] in the order given; what was missed goes through the inner encode."""
        vectors, _, missing = self._look_up(texts)
        found = self.remember(missing, np.asarray(self._encoder.encode(missing))) if missing else {}
        return self._assemble(texts, vectors, found)

    def close(self) -> None:
        """Close the store and the inner encoder."""
        self.store.close()
        self._encoder.close()

    def _look_up(self, texts: Sequence[str]) -> tuple[tuple[Vector | None, ...], npt.NDArray[np.int64], list[str]]:
        """Vector of each text or None, its slot among the missing or -1, and the missing texts, each once. Counts."""
        vectors = self.store.get([self._key(text) for text in texts])
        slot_of: dict[str, int] = {}
        slots = [
            slot_of.setdefault(text, len(slot_of)) if vector is None else -1
            for text, vector in zip(texts, vectors, strict=True)
        ]
        misses = sum(vector is None for vector in vectors)
        self.hits += len(vectors) - misses
        self.misses += misses
        return tuple(vectors), np.array(slots, np.int64), list(slot_of)

    def remember(self, texts: Sequence[str], vectors: Vector) -> dict[str, Vector]:
        """Keep these vectors, copied out of their batch; answers all of them by text."""
        found = {text: vector.copy() for text, vector in zip(texts, vectors, strict=True)}
        self.store.put({self._key(text): vector for text, vector in found.items()})
        return found

    def _assemble(self, texts: Sequence[str], vectors: Sequence[Vector | None], found: dict[str, Vector]) -> Vector:
        """One row a text: the vector it came with, or the one just computed."""
        rows = [found[text] if vector is None else vector for text, vector in zip(texts, vectors, strict=True)]
        return np.stack(rows) if rows else np.empty((0, self.info.dim), np.float32)

    def _key(self, text: str) -> Key:
        info = self._encoder.info
        return Key(info.revision, info.precision, info.prompt, info.max_tokens, text)
