"""What all placements share: an encoder, which another thread exchanges for its own; most hold nothing beside it."""

from __future__ import annotations

from copy import copy
from typing import Self

from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.types import Positions, Vectors


class EncodingPlacement:
    """Base of a placement that reads texts where they are kept; one that holds vectors overrides `put` and `rewind`."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def with_encoder(self, encoder: Encoder) -> Self:
        """The same, and what is put into it, with the encoder of another thread."""
        other = copy(self)
        other._encoder = encoder
        return other

    def text_of(self, profile: Profile) -> str:
        """None: a placement that encodes users overrides it."""
        return ""

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Nothing: no vectors are held."""

    def rewind(self) -> None:
        """Nothing is held."""
