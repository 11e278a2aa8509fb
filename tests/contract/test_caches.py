"""Every cache keeps the contract of recsys.caches.protocol; Redis, also when its server is slow or gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from redis_server import RedisServer, redis_server

from recsys.caches import CACHES, Key, VectorStore, build_cache
from recsys.errors import BadOptions, MissingServer

KEYS = [Key("model@1", "fp32", "", 256, text) for text in ("a", "b", "", "ein Löwe 🦁", "\ud800")]


def vectors_of(keys: list[Key]) -> dict[Key, np.ndarray]:
    drawn = np.random.default_rng(3)
    return {key: drawn.standard_normal(8).astype(np.float32) for key in keys}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture(params=CACHES.kinds())
def store(request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    options = {"url": request.getfixturevalue("server").url} if request.param == "redis" else {}
    built = build_cache(request.param, options).store
    yield built
    built.close()


@pytest.mark.parametrize("kind", CACHES.kinds())
def test_its_kind_is_the_name_of_its_file(kind: str) -> None:
    plugin = CACHES.get(kind)
    assert plugin.__module__ == f"{CACHES.package}.{kind}"
    assert len(CACHES.entry(kind).summary) > 20
    with pytest.raises(BadOptions, match="no_such_option"):
        build_cache(kind, {"no_such_option": 1})


def test_it_gives_what_was_put_bit_by_bit(store: VectorStore) -> None:
    known = vectors_of(KEYS)
    store.put(known)
    for vector, key in zip(store.get(KEYS), KEYS, strict=True):
        assert vector is not None
        assert vector.dtype == np.float32
        assert np.array_equal(vector, known[key])
    assert store.errors == 0


def test_what_was_not_put_is_none_in_its_place(store: VectorStore) -> None:
    store.put(vectors_of(KEYS[:2]))
    assert [vector is None for vector in store.get([KEYS[3], KEYS[1], KEYS[2], KEYS[0]])] == [True, False, True, False]
    assert store.get([]) == []


@pytest.mark.parametrize(
    "other",
    [{"revision": "model@2"}, {"precision": "int8"}, {"prompt": "query: "}, {"max_tokens": 16}, {"text": "A"}],
    ids=lambda change: next(iter(change)),
)
def test_all_of_a_key_counts(store: VectorStore, other: dict[str, object]) -> None:
    store.put(vectors_of(KEYS[:1]))
    assert store.get([KEYS[0]._replace(**other)]) == [None]


def test_a_key_put_again_has_its_new_vector(store: VectorStore) -> None:
    store.put(vectors_of(KEYS))
    new = {KEYS[0]: np.ones(8, np.float32)}
    store.put(new)
    assert np.array_equal(store.get(KEYS)[0], new[KEYS[0]])


def test_what_is_dropped_is_a_miss_and_the_rest_stays(store: VectorStore) -> None:
    known = vectors_of(KEYS[:3])
    store.put(known)
    store.drop([KEYS[1], KEYS[4]])
    store.drop([])
    assert [vector is None for vector in store.get(KEYS[:3])] == [False, True, False]
    assert (store.evictions, store.errors) == (0, 0)


def test_several_threads_use_one(store: VectorStore) -> None:
    """Each puts and reads keys of its own and one that all share; none gets another's vector."""
    shared = KEYS[0]

    def work(place: int) -> None:
        own = KEYS[0]._replace(text=f"thread {place}")
        for turn in range(50):
            store.put({own: np.full(8, place, np.float32), shared: np.zeros(8, np.float32)})
            mine, ours = store.get([own, shared])
            assert (mine is None or (mine == place).all()) and (ours is None or not ours.any())
            if turn % 10 == 0:
                store.drop([shared])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert store.errors == 0


def test_cleared_it_knows_nothing(store: VectorStore) -> None:
    store.put(vectors_of(KEYS))
    store.clear()
    assert store.get(KEYS) == [None] * len(KEYS)
    assert (store.evictions, store.errors) == (0, 0)


def test_two_arms_on_one_server_do_not_see_each_other(server: RedisServer) -> None:
    mine, theirs = (build_cache("redis", {"url": server.url}).store for _ in range(2))
    mine.put(vectors_of(KEYS))
    assert theirs.get(KEYS) == [None] * len(KEYS)


def test_no_text_lies_in_the_server(server: RedisServer) -> None:
    import redis

    secret = Key("model@1", "fp32", "", 256, "what I bought last night")
    store = build_cache("redis", {"url": server.url, "ttl_s": 60}).store
    store.put({secret: np.ones(8, np.float32)})
    client = redis.Redis.from_url(server.url)
    assert not [name for name in client.keys("*") if b"bought" in name]
    ages = [client.ttl(name) for name in client.keys("*") if client.get(name) == np.ones(8, np.float32).tobytes()]
    assert any(0 < age <= 60 for age in ages)


def test_a_server_that_never_was_is_a_miss_and_counted() -> None:
    store = build_cache("redis", {"url": "redis://127.0.0.1:1/0"}).store
    store.put(vectors_of(KEYS))
    assert store.get(KEYS) == [None] * len(KEYS)
    store.drop(KEYS)
    assert store.errors == 3


def test_where_a_server_must_answer_its_absence_is_told_with_the_next_step(server: RedisServer) -> None:
    build_cache("redis", {"url": server.url, "must_answer": True})
    with pytest.raises(MissingServer, match=r"no server answers at 127\.0\.0\.1:1/0.*make redis"):
        build_cache("redis", {"url": "redis://someone:secret@127.0.0.1:1/0", "must_answer": True})


def test_a_server_that_dies_is_a_miss_until_it_is_back(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        store = build_cache("redis", {"url": server.url}).store
        store.put(vectors_of(KEYS))
        server.kill()
        assert store.get(KEYS) == [None] * len(KEYS)
        assert store.errors == 1
        server.start()
        store.put(vectors_of(KEYS[:1]))
        assert store.get(KEYS[:1])[0] is not None
        assert store.errors == 1


def test_a_server_that_answers_nothing_is_given_up_in_time(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        store = build_cache("redis", {"url": server.url, "timeout_ms": 20}).store
        store.put(vectors_of(KEYS))
        server.suspend()
        assert store.get(KEYS) == [None] * len(KEYS)
        assert store.errors == 1
