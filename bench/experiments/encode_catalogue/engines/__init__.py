"""Where shards are encoded: one file an engine, all around the one shard function.

Shards may be written in any order, by whatever processes: a shard's file depends on its texts and the recipe alone. An
engine's class is called with (options, recipe); `Options` is its OptionsModel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from bench.experiments.encode_catalogue.cut import Shard
from bench.experiments.encode_catalogue.recipe import EncoderRecipe
from bench.experiments.encode_catalogue.shard import Destination, ShardReport
from recsys.encoders.protocol import EncoderInfo
from recsys.options import OptionsModel
from recsys.registry import Registry


@dataclass(frozen=True, slots=True)
class Labour:
    """How the work is divided. threads: of each worker's encoder. is_here: on this machine alone."""

    workers: int
    threads: int
    is_here: bool = True


class Engine(Protocol):
    """Encodes shards somewhere. Use as a context: leaving it releases what it holds."""

    Options: ClassVar[type[OptionsModel]]
    labour: Labour

    def __init__(self, options: Any, recipe: EncoderRecipe) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def describe(self) -> EncoderInfo:
        """What the encoder is, as it runs there."""

    def encode(self, shards: Iterable[Shard], destination: Destination) -> Iterator[ShardReport]:
        """Encode and write these shards; a report as each is done. Raises WorkersLost where they died too often."""


ENGINES: Registry[type[Engine]] = Registry("bench.experiments.encode_catalogue.engines", "engine")

__all__ = ["ENGINES", "Engine", "Labour"]
