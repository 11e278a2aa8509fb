"""The texts of the user's history items are encoded in the request, each through the arm's cache if it has one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS
from recsys.placement.protocol import Draft
from recsys.types import Vectors
from recsys.vectors import weighted_means


@PLACEMENTS.register("items")
class ItemsPlacement:
    """One text an item of the history; the user vector is their weighted mean."""

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        self._texts = catalogue.texts
        self._encoder = encoder
        self._dim = item_vectors.shape[1]

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """The texts of all histories, user after user."""
        texts = [self._texts[position] for profile in profiles for position in profile.items.tolist()]
        counts = np.array([len(profile.items) for profile in profiles], np.int64)
        return Draft(self._encoder.prepare(texts) if texts else None, counts)

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """Weighted means of the texts' vectors, [users, dim]."""
        if encoded is None:
            return np.zeros((len(profiles), self._dim), np.float32)
        ends = np.concatenate([[0], np.cumsum([len(profile.items) for profile in profiles])])
        rows = [np.arange(low, high, dtype=np.int32) for low, high in zip(ends[:-1], ends[1:], strict=True)]
        return weighted_means(encoded, rows, [profile.weights for profile in profiles])
