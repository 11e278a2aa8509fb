"""The user's profile text is encoded in the request: the titles of the history joined by commas, or the query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.features.user_text import user_text
from recsys.placement import PLACEMENTS
from recsys.placement.encoding import EncodingPlacement
from recsys.placement.protocol import Draft
from recsys.types import Vectors


@PLACEMENTS.register("profile")
class ProfilePlacement(EncodingPlacement):
    """One text a user: the query, or titles oldest first. Event weights do not enter: a text has no weights."""

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        super().__init__(encoder)
        self._catalogue = catalogue

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """One text a user."""
        texts = [user_text(profile, self._catalogue.titles) for profile in profiles]
        return Draft(self._encoder.prepare(texts), np.ones(len(profiles), np.int64))

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """The texts' vectors, [users, dim]."""
        if encoded is None:
            raise ValueError("a profile text is always encoded")
        return encoded
