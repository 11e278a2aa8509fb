"""Weighted sum of the feature blocks' cosines."""

from __future__ import annotations

import numpy as np

from recsys.catalogue import Catalogue
from recsys.features.blocks import BlockWeights, CategoryBlock
from recsys.features.profile import Profile
from recsys.index.protocol import Candidates
from recsys.ranking import RANKERS


@RANKERS.register("similarity")
class SimilarityRanker:
    """score = weight(text) · the candidate's text score + weight(category) · category cosine."""

    Options = BlockWeights

    def __init__(self, options: BlockWeights, catalogue: Catalogue) -> None:
        self._weights = options
        self._category = CategoryBlock(catalogue) if options.category and catalogue.n_categories else None

    def rank(self, profile: Profile, candidates: Candidates, k: int) -> Candidates:
        """The k best candidates, best first; equal scores by position."""
        scores = self._weights.text * candidates.scores
        if self._category is None:
            return Candidates(candidates.positions[:k], scores[:k])
        scores += self._weights.category * self._category.similarity(profile, candidates.positions)
        order = np.lexsort((candidates.positions, -scores))[:k]
        return Candidates(candidates.positions[order], scores[order])
