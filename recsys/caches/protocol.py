"""The contract of a store of vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


class Key(NamedTuple):
    """What decides a vector. text: cleaned, as the encoder gets it. max_tokens: where the encoder cuts it."""

    revision: str
    precision: str
    prompt: str
    max_tokens: int
    text: str


class VectorStore(Protocol):
    """Vectors float32 [dim] by key. What it cannot do at the moment is a miss and counted, never an error.

    Several threads use one.
    """

    @property
    def evictions(self) -> int:
        """Vectors thrown out so far, as far as the store knows."""

    @property
    def errors(self) -> int:
        """Calls so far that failed and were treated as misses."""

    def get(self, keys: Sequence[Key]) -> list[Vector | None]:
        """The vector of each key, None where it is not known."""

    def put(self, vectors: Mapping[Key, Vector]) -> None:
        """Keep these, as far as each fits."""

    def drop(self, keys: Sequence[Key]) -> None:
        """Forget these; what is not known is no error."""

    def clear(self) -> None:
        """Forget everything and count anew."""

    def close(self) -> None:
        """Forget everything and release what is held; it is not used afterwards."""
