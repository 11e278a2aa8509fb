"""Feature blocks: an item is a set of named vectors, each compared by cosine and weighted.

score = Σ weight(block) · cosine(user's block, item's block). The text block is what the encoder reads; the category
block has one dimension a category, in which an item is a unit vector and a user the weighted mean of their items.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.catalogue import Catalogue
from recsys.features.profile import Profile
from recsys.options import OptionsModel
from recsys.types import Positions


class BlockWeights(OptionsModel):
    """Weight of each block's cosine in the score."""

    text: float = Field(1.0, ge=0)
    category: float = Field(0.0, ge=0)


class CategoryBlock:
    """Cosine between a user's and an item's categories."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._codes = catalogue.category_codes
        self._n_categories = catalogue.n_categories

    def similarity(self, profile: Profile, positions: Positions) -> npt.NDArray[np.float32]:
        """float32 [n]: for items of these positions; 0 for an item or a user without a category."""
        own = self._codes[profile.items]
        known = own >= 0
        taste = np.bincount(own[known], profile.weights[known], self._n_categories + 1)  # the last entry stays 0
        norm = np.sqrt(taste @ taste)
        return (taste / norm if norm > 0 else taste).astype(np.float32)[self._codes[positions]]
