"""Feature blocks: an item is a set of named vectors, each compared by cosine and weighted.

score = Σ weight(block) · cosine(user's block, item's block). The text block is what the encoder reads; in each other
block a user is the weighted mean of their items, as the profile weighs them. The category block has one dimension a
category, in which an item is a unit vector.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.catalogue import Catalogue
from recsys.features.profile import Profile
from recsys.options import OptionsModel
from recsys.placement.item_vectors import ItemVectors
from recsys.types import Positions, Vectors

Similarities = npt.NDArray[np.float32]


class BlockWeights(OptionsModel):
    """Weight of each block's cosine in the score."""

    text: float = Field(1.0, ge=0)
    category: float = Field(0.0, ge=0)


class Block(Protocol):
    """One way of comparing a user with items."""

    def similarity(self, profile: Profile, positions: Positions) -> Similarities:
        """Cosines float32 [n] with items of these positions; 0 for an item or a user without such a block."""


class VectorBlock:
    """Cosine between the weighted mean of a profile's items and an item. vectors [n_items, dim]: unit or zero rows."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = ItemVectors(vectors)

    def similarity(self, profile: Profile, positions: Positions) -> Similarities:
        """float32 [n]: for items of these positions; 0 for an item or a user without such a block."""
        user = self._vectors.weighted_means([profile.items], [profile.weights])
        return self._vectors.dot(positions, user)

    def put(self, positions: Positions, vectors: Vectors) -> None:
        """Items have new vectors, [n, dim]."""
        self._vectors.put(positions, vectors)

    def rewind(self) -> None:
        """Hold the vectors that it was built with."""
        self._vectors.rewind()


class CategoryBlock:
    """Cosine between a user's and an item's categories."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue  # read anew each time: an ingest may bring a category

    def similarity(self, profile: Profile, positions: Positions) -> Similarities:
        """float32 [n]: for items of these positions; 0 for an item or a user without a category."""
        codes, n_categories = self._catalogue.category_codes, self._catalogue.n_categories
        own = codes[profile.items]
        known = own >= 0
        taste = np.bincount(own[known], profile.weights[known], n_categories + 1)  # the last entry stays 0
        norm = np.sqrt(taste @ taste)
        return (taste / norm if norm > 0 else taste).astype(np.float32)[codes[positions]]
