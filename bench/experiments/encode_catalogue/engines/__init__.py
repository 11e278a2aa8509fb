"""Where shards are encoded: one file an engine, all around the one shard function.

Shards may be written in any order, by whatever processes: a shard's file depends on its texts and the recipe alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

from bench.experiments.encode_catalogue.cut import Shard
from bench.experiments.encode_catalogue.recipe import EncoderRecipe
from bench.experiments.encode_catalogue.shard import Destination, ShardReport
from recsys.encoders.protocol import EncoderInfo
from recsys.registry import Registry


class Engine(Protocol):
    """Encodes shards somewhere. Use as a context: leaving it releases what it holds."""

    def __init__(self, recipe: EncoderRecipe) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def describe(self) -> EncoderInfo:
        """What the encoder is, as it runs there."""

    def encode(self, shards: Iterable[Shard], destination: Destination) -> Iterator[ShardReport]:
        """Encode and write these shards; a report as each is done."""


ENGINES: Registry[type[Engine]] = Registry("bench.experiments.encode_catalogue.engines", "engine")

__all__ = ["ENGINES", "Engine"]
