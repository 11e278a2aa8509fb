"""Item vectors are looked up; a user is the weighted mean of them. The model runs when an item enters the catalogue."""

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


@PLACEMENTS.register("offline")
class OfflinePlacement:
    """No text in the request path."""

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        self._item_vectors = item_vectors

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """Nothing to read."""
        return Draft(None, np.zeros(len(profiles), np.int64))

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """Weighted means of the item vectors, [users, dim]."""
        return weighted_means(
            self._item_vectors, [profile.items for profile in profiles], [profile.weights for profile in profiles]
        )
