"""Recommenders as the evaluation sees them: users in, a score for every item out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.encoders.protocol import Encoder
from recsys.evaluation import Scorer, UserRows
from recsys.floors import popularity_scores, random_scores, recent_popularity_scores
from recsys.types import Events, Positions, Vectors
from recsys.vectors import weighted_means

Scores = npt.NDArray[np.float32]


class SameForAllScorer:
    """Ranks the items alike for everybody, as popularity does. item_scores float32 [n_items]."""

    def __init__(self, item_scores: Scores) -> None:
        self._item_scores = item_scores

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> Scores:
        """The same row for every user."""
        return np.tile(self._item_scores, (len(users), 1))


class RandomScorer:
    """Ranks the items at random, each user anew; a user's shuffle depends on the seed alone."""

    def __init__(self, n_items: int, seed: int = 0) -> None:
        self._n_items = n_items
        self._seed = seed

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> Scores:
        """A row of random scores for every user."""
        return np.stack([random_scores(self._n_items, self._seed, user) for user in users.tolist()])


class MeanOfItemsScorer:
    """Cosine with the mean of the vectors of the user's last items; an item met twice counts twice.

    vectors [n_items, dim], dense or sparse, rows unit or zero.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> Scores:
        """Cosines; a user without history scores 0 everywhere."""
        weights = [np.ones(len(items), np.float32) for items in histories]
        return cosines(weighted_means(self._vectors, histories, weights), self._vectors)


class ProfileTextScorer:
    """Cosine with the vector of one text: the titles of the user's last items, oldest first, joined by ", "."""

    def __init__(self, encoder: Encoder, vectors: Vectors, titles: Sequence[str]) -> None:
        self._encoder = encoder
        self._vectors = vectors
        self._titles = titles

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> Scores:
        """Cosines, from one encoder call for all these users."""
        texts = [", ".join(self._titles[item] for item in items.tolist()) for items in histories]
        return cosines(self._encoder.encode(texts), self._vectors)


class BlendScorer:
    """z(first) + weight · z(second): two scorers on one scale, each standardised over all items of a user."""

    def __init__(self, first: Scorer, second: Scorer, weight: float) -> None:
        self._first = first
        self._second = second
        self._weight = weight

    def __call__(self, users: UserRows, histories: Sequence[Positions]) -> Scores:
        """The weighted sum of both, standardised."""
        first, second = self._first(users, histories), self._second(users, histories)
        return standardised(first) + np.float32(self._weight) * standardised(second)


def floor_scorers(training: Events, n_items: int, seed: int = 0) -> dict[str, Scorer]:
    """The floors that need no text: random, popularity and recent popularity, by name."""
    return {
        "random": RandomScorer(n_items, seed),
        "popularity": SameForAllScorer(popularity_scores(training, n_items)),
        "recent_popularity": SameForAllScorer(recent_popularity_scores(training, n_items)),
    }


def cosines(users: Vectors, items: Vectors) -> Scores:
    """Scores float32 [users, items]; both dense, or both sparse."""
    if isinstance(users, scipy.sparse.csr_array):
        return scipy.sparse.csr_array(users @ items.T).toarray()
    return users @ items.T


def standardised(scores: Scores) -> Scores:
    """Mean 0 and standard deviation 1 (ddof 0) in every row; a constant row becomes 0."""
    spread = scores.std(axis=1, keepdims=True)
    z: Scores = (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    return z
