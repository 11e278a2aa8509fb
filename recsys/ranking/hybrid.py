"""Text similarity with recent popularity: z(text score) + w · z(log(1 + recent count)).

Both are standardised (mean 0, standard deviation 1, ddof 0) over all items known at t0, so w says how many standard
deviations of attention weigh as much as one of likeness. Without a weight in the scenario, w is chosen on the training
period alone: `recsys.ranking.hybrid_weight`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from recsys.features.popularity import RecentCounts
from recsys.features.profile import Profile
from recsys.floors import RECENT_SHARE
from recsys.index.protocol import Candidates
from recsys.options import OptionsModel
from recsys.placement.item_vectors import ItemVectors
from recsys.ranking import ANYBODY, RANKERS, Asker, Material, Ranker, ScoreParts
from recsys.ranking.content_scale import content_scale
from recsys.ranking.hybrid_weight import Choice, WeightSearch, choose_weight
from recsys.scorers import Scores, standardised
from recsys.types import EventKind, Positions, Request, Vectors
from recsys.vectors import dot


class HybridOptions(OptionsModel):
    """weight: w; None = chosen on the training period, as `search` says.

    recent_share: the share of the training events, the newest, that counts as recent. counts: "training" keeps the
    counts of t0, as the floors do; "live" lets the window of as many events move on with the data and with feedback.
    popular: so many of the most popular items join the candidates that the index found; without them an item whose text
    is far from the user's could not be recommended, however popular.
    scale: what both are standardised over: the whole "catalogue", or the user's "candidates", which asks nothing of the
    other items and weighs differently for every user.
    """

    weight: float | None = Field(None, ge=0)
    recent_share: float = Field(RECENT_SHARE, gt=0, le=1)
    counts: Literal["training", "live"] = "training"
    popular: int = Field(200, ge=0)
    scale: Literal["catalogue", "candidates"] = "catalogue"
    search: WeightSearch = WeightSearch()


@RANKERS.register("hybrid")
class HybridRanker(Ranker):
    """Candidates: the union of what the index found and the most popular of the other items that may be shown."""

    Options = HybridOptions

    def __init__(self, options: HybridOptions, material: Material) -> None:
        self._options = options
        self._catalogue = material.catalogue
        self._item_vectors = ItemVectors(material.item_vectors)
        known = _known_items(material)
        vectors: Any = material.item_vectors
        self._content = content_scale(vectors if len(known) == vectors.shape[0] else vectors[known])
        self._attention = _Attention(material, known, options.recent_share, live=options.counts == "live")
        self._choice = (
            Choice(options.weight)
            if options.weight is not None
            else choose_weight(material, options.search, options.recent_share)
        )

    def widen(self, found: Candidates, excluded: Positions, asker: Asker = ANYBODY) -> Candidates:
        """Add the most popular items with their text scores. A user without a vector keeps what was found."""
        user = asker.vector
        if user is None or not self._options.popular:
            return found
        barred = self._catalogue.hidden.copy()
        barred[excluded] = barred[found.positions] = True
        enough = self._options.popular + self._catalogue.n_hidden + len(excluded) + len(found.positions)
        order = self._attention.order[:enough]
        added = order[~barred[order]][: self._options.popular]
        scores = np.concatenate([found.scores, dot(self._item_vectors.at(added), user)])
        positions = np.concatenate([found.positions, added])
        by_score = np.lexsort((positions, -scores))
        return Candidates(positions[by_score], scores[by_score])

    def rank(self, profile: Profile, candidates: Candidates, k: int, asker: Asker = ANYBODY) -> Candidates:
        """The k best candidates, best first; equal scores by position."""
        if not len(candidates.positions):
            return candidates
        content, attention = self._standardised(candidates, asker)
        scores = content + np.float32(self._choice.weight) * attention
        order = np.lexsort((candidates.positions, -scores))[:k]
        return Candidates(candidates.positions[order], scores[order])

    def explain(self, profile: Profile, candidates: Candidates, asker: Asker = ANYBODY) -> ScoreParts:
        """How many standard deviations of likeness, and of attention."""
        values = np.zeros((2, len(candidates.positions)), np.float32)
        if len(candidates.positions):
            values[:] = self._standardised(candidates, asker)
        return ScoreParts(("content", "popularity"), np.array([1, self._choice.weight], np.float32), values)

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """New vectors of items; the scale stays that of t0."""
        self._item_vectors.put(positions, vectors[0])

    def record(self, request: Request) -> None:
        """Count the item, when counts are live."""
        self._attention.record(request.item, request.event_kind)

    def rewind(self, as_of_s: int) -> None:
        """The vectors that it was built with, and the counts of that time."""
        self._item_vectors.rewind()
        self._attention.rewind(as_of_s)

    def describe(self) -> dict[str, Any]:
        """The weight, and how it was chosen."""
        return {
            "kind": "hybrid",
            "scale": self._options.scale,
            "counts": self._options.counts,
        } | self._choice.describe()

    def _standardised(self, candidates: Candidates, asker: Asker) -> tuple[Scores, Scores]:
        """z(text score) and z(log(1 + recent count)) of the candidates, one at least, float32 [n] each."""
        attention = self._attention.scores[candidates.positions]
        user = asker.vector
        if self._options.scale == "candidates" or user is None:
            content, attention = standardised(np.stack([candidates.scores, attention]))
            return content, attention
        mean, spread = self._content.of(user)
        return (candidates.scores - np.float32(mean)) / np.float32(spread if spread > 0 else 1), attention


class _Attention:
    """z(log(1 + recent count)) of every item, and the items by falling count; made anew when counts have changed."""

    def __init__(self, material: Material, known: Positions, share: float, *, live: bool) -> None:
        window = int(share * len(material.training))
        self._counts = RecentCounts(material.dataset.events, len(material.catalogue), window)
        self._known = known
        self._live = live
        self._fresh = False
        self._counts.rewind(material.t0_s)
        self._refresh()

    @property
    def scores(self) -> Scores:
        """float32 [n_items]."""
        if not self._fresh:
            self._refresh()
        return self._scores

    @property
    def order(self) -> Positions:
        """All items, the most popular first, equal ones by position."""
        if not self._fresh:
            self._refresh()
        return self._order

    def record(self, item: int, kind: EventKind) -> None:
        """An event; what follows from it is left to the next request that asks, so that this costs O(1)."""
        if self._live:
            self._counts.record(item, kind)
            self._fresh = False

    def rewind(self, as_of_s: int) -> None:
        if self._live:
            self._counts.rewind(as_of_s)
            self._refresh()

    def _refresh(self) -> None:
        logs = np.log1p(self._counts.counts)
        mean, spread = logs[self._known].mean(), logs[self._known].std()
        self._scores: Scores = ((logs - mean) / (spread if spread > 0 else 1.0)).astype(np.float32)
        self._order = np.argsort(-self._counts.counts, kind="stable").astype(np.int32)
        self._fresh = True


def _known_items(material: Material) -> Positions:
    """The items known at t0, rising; all of them where none was."""
    known = np.flatnonzero(material.catalogue.published_s < material.t0_s).astype(np.int32)
    return known if len(known) else np.arange(len(material.catalogue), dtype=np.int32)
