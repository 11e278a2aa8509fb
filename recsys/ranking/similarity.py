"""Weighted sum of the cosines of text and category."""

from __future__ import annotations

import numpy as np

from recsys.features.blocks import BlockWeights, CategoryBlock
from recsys.features.profile import Profile
from recsys.index.protocol import Candidates
from recsys.ranking import ANYBODY, RANKERS, Asker, Material, Ranker, ScoreParts


@RANKERS.register("similarity")
class SimilarityRanker(Ranker):
    """score = weight(text) · the candidate's text score + weight(category) · category cosine."""

    Options = BlockWeights

    def __init__(self, options: BlockWeights, material: Material) -> None:
        self._weights = options
        self._category = CategoryBlock(material.catalogue) if options.category else None

    def rank(self, profile: Profile, candidates: Candidates, k: int, asker: Asker = ANYBODY) -> Candidates:
        """The k best candidates, best first; equal scores by position."""
        scores = self._weights.text * candidates.scores
        if self._category is None:
            return Candidates(candidates.positions[:k], scores[:k])
        scores += self._weights.category * self._category.similarity(profile, candidates.positions)
        order = np.lexsort((candidates.positions, -scores))[:k]
        return Candidates(candidates.positions[order], scores[order])

    def explain(self, profile: Profile, candidates: Candidates, asker: Asker = ANYBODY) -> ScoreParts:
        """The cosines of the text and, where it weighs, of the category."""
        parts = {"text": (self._weights.text, candidates.scores)}
        if self._category is not None:
            cosines = self._category.similarity(profile, candidates.positions)
            parts["category"] = self._weights.category, cosines
        weights = np.array([weight for weight, _ in parts.values()], np.float32)
        return ScoreParts(tuple(parts), weights, np.stack([cosines for _, cosines in parts.values()]))
