"""Item vectors are looked up; a user is the weighted mean of them. The model runs when an item enters the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.placement import PLACEMENTS
from recsys.placement.encoding import EncodingPlacement
from recsys.placement.item_vectors import ItemVectors
from recsys.placement.protocol import Draft
from recsys.types import Positions, Vectors
from recsys.vectors import stacked


@PLACEMENTS.register("offline")
class OfflinePlacement(EncodingPlacement):
    """No text in the request path, but for a query's words."""

    needs_model = True

    def __init__(self, catalogue: Catalogue, encoder: Encoder, item_vectors: Vectors) -> None:
        super().__init__(encoder)
        self._item_vectors = ItemVectors(item_vectors)

    def draft(self, profiles: Sequence[Profile]) -> Draft:
        """The queries, of those users who have one."""
        queries = [profile.query for profile in profiles if profile.query]
        counts = np.array([bool(profile.query) for profile in profiles], np.int64)
        return Draft(self._encoder.prepare(queries) if queries else None, counts)

    def user_vectors(self, profiles: Sequence[Profile], encoded: Vectors | None) -> Vectors:
        """The queries' vectors, and weighted means of the item vectors for the other users, [users, dim]."""
        if encoded is None:
            return self._means(profiles)
        with_query = [row for row, profile in enumerate(profiles) if profile.query]
        if len(with_query) == len(profiles):
            return encoded
        without = [row for row, profile in enumerate(profiles) if not profile.query]
        means = self._means([profiles[row] for row in without])
        users: Vectors = stacked([means, encoded])[np.argsort([*without, *with_query])]
        return users

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Look these vectors up from now on."""
        self._item_vectors.put(positions, vectors)

    def rewind(self) -> None:
        """Look up the vectors that it was built with."""
        self._item_vectors.rewind()

    def _means(self, profiles: Sequence[Profile]) -> Vectors:
        return self._item_vectors.weighted_means(
            [profile.items for profile in profiles], [profile.weights for profile in profiles]
        )
