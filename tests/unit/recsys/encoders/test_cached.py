"""The cache around an encoder: hits, single flight, eviction, and batches that carry their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from recsys.caches import build_cache
from recsys.caches.memory import ENTRY_OVERHEAD_BYTES
from recsys.encoders import build_encoder
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import EncoderInfo
from recsys.errors import BadOptions
from recsys.types import TokenIds


class Counting:
    """One token a character; records every text that is computed."""

    def __init__(self) -> None:
        self.info = EncoderInfo(dim=2, device="cpu", precision="fp32")
        self.computed: list[str] = []

    def fit(self, texts: Sequence[str]) -> None: ...

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        return TokenIds.from_lists([[ord(letter) for letter in text] for text in texts])

    def forward(self, prepared: TokenIds) -> np.ndarray:
        rows = [prepared.ids[start:stop] for start, stop in zip(prepared.offsets, prepared.offsets[1:], strict=False)]
        self.computed += ["".join(map(chr, row)) for row in rows]
        angles = np.array([row.sum() for row in rows], np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.forward(self.prepare(texts))

    def close(self) -> None: ...


def caching(inner: Counting, capacity_bytes: float = 1e6) -> CachedEncoder:
    return CachedEncoder(inner, build_cache("memory", {"capacity_mb": capacity_bytes / 1e6}))


@pytest.fixture
def inner() -> Counting:
    return Counting()


@pytest.fixture
def cached(inner: Counting) -> CachedEncoder:
    return caching(inner)


def test_a_hit_costs_no_tokens_and_no_computation(cached: CachedEncoder, inner: Counting) -> None:
    first = cached.forward(cached.prepare(["abc", "de"]))
    again = cached.prepare(["de", "abc", "new"])
    assert again.n_tokens.tolist() == [0, 0, 3]
    assert again.hits.tolist() == [True, True, False]
    assert np.array_equal(cached.forward(again)[:2], first[::-1])
    assert inner.computed == ["abc", "de", "new"]
    assert (cached.hits, cached.misses, cached.store.evictions) == (2, 3, 0)


def test_equal_texts_missed_in_one_batch_are_computed_once(cached: CachedEncoder, inner: Counting) -> None:
    prepared = cached.prepare(["aa", "b", "aa"]).concat([cached.prepare(["b", "aa"])])
    assert prepared.n_tokens.tolist() == [2, 1, 0, 0, 0]
    vectors = cached.forward(prepared)
    assert inner.computed == ["aa", "b"]
    assert np.array_equal(vectors, Counting().encode(["aa", "b", "aa", "b", "aa"]))
    assert (cached.hits, cached.misses) == (0, 5)


def test_a_cut_keeps_the_tokens_of_a_repeat_whose_first_was_left_out(cached: CachedEncoder) -> None:
    cut = cached.prepare(["aa", "b", "aa"]).take(np.array([2, 1]))
    assert cut.n_tokens.tolist() == [2, 1]
    assert np.array_equal(cached.forward(cut), Counting().encode(["aa", "b"]))


def test_a_vector_travels_with_its_batch_through_an_eviction(inner: Counting) -> None:
    room_for_one = caching(inner, ENTRY_OVERHEAD_BYTES + 100)
    room_for_one.encode(["a"])
    hit = room_for_one.prepare(["a"])
    room_for_one.encode(["b"])
    assert room_for_one.store.evictions == 1
    assert np.array_equal(room_for_one.forward(hit), Counting().encode(["a"]))
    assert room_for_one.prepare(["a"]).hits.tolist() == [False]


def test_the_least_recently_used_goes_first(inner: Counting) -> None:
    cached = caching(inner, 2 * (ENTRY_OVERHEAD_BYTES + 80))
    for text in ("a", "b", "a", "c"):
        cached.encode([text])
    assert cached.prepare(["a", "b", "c"]).hits.tolist() == [True, False, True]


def test_what_is_larger_than_the_cache_is_answered_and_not_kept(inner: Counting) -> None:
    cached = caching(inner, ENTRY_OVERHEAD_BYTES)
    assert np.array_equal(cached.encode(["abc"]), Counting().encode(["abc"]))
    assert len(cached.store) == 0


def test_bytes_stay_within_the_capacity(inner: Counting) -> None:
    cached = caching(inner, 20_000)
    for number in range(500):
        cached.encode([f"text {number}"])
    assert 0 < cached.store.size_bytes <= 20_000
    assert len(cached.store) + cached.store.evictions == 500


def test_clear_and_fit_forget_everything(cached: CachedEncoder) -> None:
    cached.encode(["a", "a"])
    cached.clear()
    assert (len(cached.store), cached.hits, cached.misses) == (0, 0, 0)
    cached.encode(["a"])
    cached.fit([])
    assert cached.prepare(["a"]).hits.tolist() == [False]


def test_sparse_vectors_and_empty_caches_are_refused(inner: Counting) -> None:
    with pytest.raises(BadOptions, match="sparse"):
        CachedEncoder(build_encoder("tfidf"), build_cache("memory", {}))
    with pytest.raises(BadOptions, match="capacity_mb"):
        build_cache("memory", {"capacity_mb": 0})
