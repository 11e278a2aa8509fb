"""The contract of a placement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.types import Positions, Prepared, Vectors


@dataclass(frozen=True, slots=True)
class Draft:
    """Texts of some requests, prepared for the encoder. texts_per_request int64 [requests]; prepared None = no text."""

    prepared: Prepared | None
    texts_per_request: npt.NDArray[np.int64]

    def tokens_per_request(self) -> list[int]:
        """Tokens that each request will cost in the encoder."""
        return self.sums([] if self.prepared is None else self.prepared.n_tokens)

    def sums(self, n_tokens: npt.ArrayLike) -> list[int]:
        """These tokens of the texts [texts], summed by request."""
        ends = np.concatenate([[0], np.cumsum(self.texts_per_request)])
        running = np.concatenate([[0], np.cumsum(n_tokens)]).astype(np.int64)
        tokens: list[int] = np.diff(running[ends]).tolist()
        return tokens

    def split(self) -> list[Draft]:
        """One draft a request."""
        if self.prepared is None:
            return [Draft(None, self.texts_per_request[row : row + 1]) for row in range(len(self.texts_per_request))]
        ends = np.concatenate([[0], np.cumsum(self.texts_per_request)])
        texts = [np.arange(low, high, dtype=np.intp) for low, high in zip(ends[:-1], ends[1:], strict=True)]
        return [
            Draft(self.prepared.take(rows) if len(rows) else None, self.texts_per_request[row : row + 1])
            for row, rows in enumerate(texts)
        ]

    @staticmethod
    def join(drafts: Sequence[Draft]) -> Draft:
        """One draft of the requests of several."""
        if len(drafts) == 1:
            return drafts[0]
        prepared = [draft.prepared for draft in drafts if draft.prepared is not None]
        counts = np.concatenate([draft.texts_per_request for draft in drafts])
        return Draft(prepared[0].concat(prepared[1:]) if prepared else None, counts)


class Placement(Protocol):
    """Turns profiles into user vectors, with the encoder in the request path or without.

    A profile with a query becomes the query's vector, whatever the placement.
    """

    needs_model: bool

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """What the encoder has to read for these users."""

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """[users, dim]: from the profiles and the vectors of the draft's texts (None when it has none)."""

    def text_of(self, profile: Profile) -> str:
        """What is encoded of the user as a whole, "" where nothing is."""

    def with_encoder(self, encoder: Encoder) -> Self:
        """The same item vectors, and what is put into them, with the encoder of another thread."""

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Items have new vectors, [n, dim]: take them over where item vectors are held."""

    def rewind(self) -> None:
        """Hold the item vectors that it was built with, whatever was put since."""
