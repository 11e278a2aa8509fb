"""The weight of popularity in a hybrid, chosen on the training period alone.

The training period is split by time as the data set is at t0: profiles, recent counts and z-scores from its first part,
what users did next from its second. The grid's weight with the best mean recall@k wins, the smallest among equals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.data import Dataset
from recsys.evaluation import Scorer, Split, UserRows, evaluate_split, split_users, training_events
from recsys.features.profile import ProfileStore
from recsys.floors import recent_popularity_scores
from recsys.options import OptionsModel
from recsys.ranking.protocol import Material
from recsys.scorers import Scores, cosines, standardised
from recsys.types import Positions
from recsys.vectors import weighted_means

FALLBACK_WEIGHT = 0.3
"""Where the training period has nobody to choose on."""
TABLE_BYTES = 128 << 20
"""Of the scores of all users that are asked at once; a large catalogue asks fewer."""


class WeightSearch(OptionsModel):
    """grid: weights to try. train_share: of the training events, those before the inner split. k: of the recall.

    users: at most so many, drawn from the seed.
    """

    grid: tuple[float, ...] = Field((0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0), min_length=1)
    train_share: float = Field(0.8, gt=0, lt=1)
    k: int = Field(20, ge=1)
    users: int = Field(1000, ge=1)


@dataclass(frozen=True)
class Choice:
    """A weight; recall: of each weight that was tried, on so many users. Given by hand, none was tried."""

    weight: float
    recall: dict[float, float] = field(default_factory=dict)
    users: int = 0

    def describe(self) -> dict[str, Any]:
        """JSON values."""
        tried = {f"{weight:g}": round(recall, 5) for weight, recall in self.recall.items()}
        return {"weight": self.weight, "chosen_on_users": self.users, "recall_by_weight": tried}


def choose_weight(material: Material, search: WeightSearch, recent_share: float) -> Choice:
    """Try every weight of the grid on users who have events in both parts of the training period."""
    inner = replace(material.dataset, events=material.training)
    if len(inner.events) < 2:
        return Choice(FALLBACK_WEIGHT)
    history = material.profile.history
    split = split_users(inner, train_share=search.train_share, history=history, exclude_seen=True)
    if not len(split):
        return Choice(FALLBACK_WEIGHT)
    split = _sample(split, search.users, len(material.catalogue), material.seed)
    content = standardised(_content(material, inner, split, search.train_share))
    events = training_events(inner, search.train_share)
    recent = np.log1p(recent_popularity_scores(events, len(material.catalogue), recent_share))
    unknown = material.catalogue.published_s >= inner.split_s(search.train_share)
    recall = {}
    for weight in sorted(search.grid):
        scorer = _table_scorer(split, content + np.float32(weight) * standardised(recent[None]), unknown)
        ranked = evaluate_split(split, {"": scorer}, k=search.k).ranked[""]
        recall[weight] = float(ranked.metric("recall").mean())
    return Choice(max(recall, key=lambda weight: recall[weight]), recall, len(split))


def _sample(split: Split, users: int, n_items: int, seed: int) -> Split:
    """So many users at most, as far as their scores fit into memory."""
    users = min(users, max(1, TABLE_BYTES // (4 * n_items)))
    rows = np.random.default_rng(seed).permutation(len(split))[:users]
    return split.take(np.sort(rows))


def _content(material: Material, inner: Dataset, split: Split, train_share: float) -> Scores:
    """Text scores float32 [users, n_items] of the users' profiles at the inner split."""
    now_s = inner.split_s(train_share)
    store = ProfileStore(inner.by_user, material.profile)
    store.rewind(now_s)
    profiles = [store.profile(store.history(user), now_s) for user in split.users.tolist()]
    users = weighted_means(
        material.item_vectors, [profile.items for profile in profiles], [profile.weights for profile in profiles]
    )
    return cosines(users, material.item_vectors)


def _table_scorer(split: Split, scores: Scores, unknown: npt.NDArray[np.bool_]) -> Scorer:
    """Rows of a table, the items that were not known then left out."""
    row_of = {user: row for row, user in enumerate(split.users.tolist())}
    scores[:, unknown] = -np.inf

    def scorer(users: UserRows, histories: Sequence[Positions]) -> Scores:
        return scores[[row_of[user] for user in users.tolist()]]

    return scorer
