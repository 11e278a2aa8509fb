"""The texts of the user's history items are encoded in the request, each through the arm's cache if it has one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS
from recsys.placement.encoding import EncodingPlacement
from recsys.placement.protocol import Draft
from recsys.types import Vectors
from recsys.vectors import weighted_means

_ALONE = np.ones(1, np.float32)


@PLACEMENTS.register("items")
class ItemsPlacement(EncodingPlacement):
    """One text an item of the history, whose weighted mean is the user vector; or the user's query alone."""

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        super().__init__(encoder)
        self._catalogue = catalogue
        self._dim = item_vectors.shape[1]

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """The texts of all histories or queries, user after user."""
        texts = [self._texts(profile) for profile in profiles]
        flat = [text for own in texts for text in own]
        return Draft(self._encoder.prepare(flat) if flat else None, np.array([len(own) for own in texts], np.int64))

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """Weighted means of the texts' vectors, [users, dim]."""
        if encoded is None:
            return np.zeros((len(profiles), self._dim), np.float32)
        weights = [_ALONE if profile.query else profile.weights for profile in profiles]
        ends = np.concatenate([[0], np.cumsum([len(own) for own in weights])])
        rows = [np.arange(low, high, dtype=np.int32) for low, high in zip(ends[:-1], ends[1:], strict=True)]
        return weighted_means(encoded, rows, weights)

    def _texts(self, profile: Profile) -> list[str]:
        if profile.query:
            return [profile.query]
        return [self._catalogue.texts[position] for position in profile.items.tolist()]
