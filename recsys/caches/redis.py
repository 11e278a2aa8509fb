"""A cache in a Redis server, which outlives a process and may be shared; a server that is slow or gone is a miss."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
from pydantic import Field

from recsys.caches import CACHES
from recsys.caches.protocol import Key, Vector
from recsys.errors import MissingServer
from recsys.options import OptionsModel

REQUIRES = ("redis",)
EXTRA = "redis"

URL_VARIABLE = "LLM_REC_BENCH_REDIS_URL"
NAME = "llm-rec-bench"


class RedisOptions(OptionsModel):
    """url: of the server, "" = $LLM_REC_BENCH_REDIS_URL or the usual port of this machine.

    timeout_ms: a call that takes longer is given up: its texts are misses. ttl_s: after so long the server forgets a
    vector; how much it holds is its own `maxmemory`. must_answer: without a server at the start there is no cache at
    all, instead of one that misses everything.
    """

    url: str = ""
    timeout_ms: float = Field(50, gt=0)
    ttl_s: int = Field(3600, ge=1)
    must_answer: bool = False


@CACHES.register("redis")
class RedisStore:
    """One round trip a batch of texts, there and back: MGET, and SET with a time to live in one pipeline.

    Keys are hashes, so no text lies in the server. `clear` takes another name for all keys; what stood under the old
    one dies of age.
    """

    Options = RedisOptions

    def __init__(self, options: RedisOptions) -> None:
        """A server that is not there shows as misses; raise MissingServer where it must be."""
        import redis

        url = options.url or os.environ.get(URL_VARIABLE) or "redis://127.0.0.1:6379/0"
        timeout_s = options.timeout_ms / 1000
        self._server: Any = redis.Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=None, retry_on_timeout=False
        )
        self._failures = (redis.RedisError, OSError)
        self._ttl_s = options.ttl_s
        self._counting = threading.Lock()
        self.clear()
        if options.must_answer:
            self._require_answer(url)

    def get(self, keys: Sequence[Key]) -> list[Vector | None]:
        """The vector of each key; all None where the server does not answer in time."""
        if not keys:
            return []
        try:
            found = self._server.mget([self._name(key) for key in keys])
        except self._failures:
            self._count_error()
            return [None] * len(keys)
        return [None if value is None else np.frombuffer(value, np.float32) for value in found]

    def put(self, vectors: Mapping[Key, Vector]) -> None:
        """Send these; where the server does not take them in time they are lost."""
        if not vectors:
            return
        try:
            pipeline = self._server.pipeline(transaction=False)
            for key, vector in vectors.items():
                pipeline.set(self._name(key), vector.tobytes(), ex=self._ttl_s)
            pipeline.execute()
        except self._failures:
            self._count_error()

    def drop(self, keys: Sequence[Key]) -> None:
        """Let the server forget these; where it does not answer in time they die of age."""
        if not keys:
            return
        try:
            self._server.unlink(*[self._name(key) for key in keys])
        except self._failures:
            self._count_error()

    def clear(self) -> None:
        """Take another name for all keys and count anew. Evictions are the server's affair and not counted."""
        self._namespace = f"{NAME}:{uuid4().hex}"
        self.evictions = self.errors = 0

    def close(self) -> None:
        """Leave the server."""
        self._server.close()

    def _require_answer(self, url: str) -> None:
        try:
            self._server.ping()
        except self._failures as error:
            raise MissingServer(
                f'cache "redis": no server answers at {url.rpartition("@")[2]}: {str(error).rstrip(".")}. '
                f"Next: make redis, or set ${URL_VARIABLE}"
            ) from error

    def _count_error(self) -> None:
        with self._counting:
            self.errors += 1

    def _name(self, key: Key) -> str:
        identity = "\x1f".join(map(str, key)).encode("utf-8", "surrogatepass")
        return f"{self._namespace}:{hashlib.blake2b(identity, digest_size=16).hexdigest()}"
