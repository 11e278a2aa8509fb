"""One encoder in this process, shard after shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import ClassVar, Self

from bench.experiments.encode_catalogue.cut import Shard
from bench.experiments.encode_catalogue.engines import ENGINES, Labour
from bench.experiments.encode_catalogue.recipe import EncoderRecipe
from bench.experiments.encode_catalogue.shard import Destination, ShardReport, encode_shard
from recsys.encoders.protocol import EncoderInfo
from recsys.options import OptionsModel


class LocalOptions(OptionsModel):
    """Nothing to set."""


@ENGINES.register("local")
class LocalEngine:
    """Its encoder has all the threads of the arm; shards beside one another would only share them."""

    Options: ClassVar[type[OptionsModel]] = LocalOptions

    def __init__(self, options: LocalOptions, recipe: EncoderRecipe) -> None:
        self.labour = Labour(workers=1, threads=recipe.threads)
        self._encoder = recipe.build()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._encoder.close()

    def describe(self) -> EncoderInfo:
        """The encoder's own information."""
        return self._encoder.info

    def encode(self, shards: Iterable[Shard], destination: Destination) -> Iterator[ShardReport]:
        """In the order given."""
        for shard in shards:
            yield encode_shard(self._encoder, shard, destination)
