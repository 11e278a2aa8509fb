"""The user's profile text is encoded in the request: titles of the history joined by commas, or the query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import Encoder
from recsys.features.fitting_text import FittingText
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS
from recsys.placement.encoding import EncodingPlacement
from recsys.placement.protocol import Draft
from recsys.types import Positions, Vectors


@PLACEMENTS.register("profile")
class ProfilePlacement(EncodingPlacement):
    """One text a user: the query, or titles oldest first, so many of the newest as the model reads.

    Event weights do not enter: a text has no weights.
    """

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        super().__init__(encoder)
        self._catalogue = catalogue
        self._text = FittingText(catalogue.titles, self._reader)

    @property
    def _reader(self) -> Encoder:
        """What cuts texts into tokens."""
        return self._encoder.inner if isinstance(self._encoder, CachedEncoder) else self._encoder

    def text_of(self, profile: Profile) -> str:
        """What is encoded of this user."""
        return self._text(profile)

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Changed items have other titles."""
        self._text.learn([self._catalogue.titles[position] for position in positions.tolist()], self._reader)

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """One text a user."""
        texts = [self._text(profile) for profile in profiles]
        return Draft(self._encoder.prepare(texts), np.ones(len(profiles), np.int64))

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """The texts' vectors, [users, dim]."""
        if encoded is None:
            raise ValueError("a profile text is always encoded")
        return encoded
