"""What the click network reads of a user and an item, in training and in a request alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from recsys.features.popularity import Counts, CountsBefore
from recsys.features.profile import Profile
from recsys.floors import RECENT_SHARE
from recsys.index.protocol import Candidates
from recsys.placement.item_vectors import ItemVectors
from recsys.ranking.block_set import BlockSet
from recsys.ranking.click_examples import draw_examples
from recsys.ranking.network_training import TrainingOptions, TrainingSet
from recsys.ranking.protocol import Material
from recsys.types import Positions, Vectors
from recsys.vectors import dot, unit_rows

PROJECTED_DIM = 128
Floats = npt.NDArray[np.float32]


class DenseVectors:
    """Dense vectors as they are; sparse ones through one random projection (Johnson & Lindenstrauss 1984).

    The projection is drawn from the seed.
    """

    def __init__(self, vectors: Vectors, seed: int) -> None:
        self._projection: Floats | None = None
        if isinstance(vectors, scipy.sparse.csr_array):
            drawn = np.random.default_rng(seed).standard_normal((vectors.shape[1], PROJECTED_DIM), np.float32)
            self._projection = drawn

    def of(self, vectors: Any) -> Floats:
        """Unit or zero rows float32 [n, dim]."""
        if self._projection is None:
            return np.asarray(vectors)
        return unit_rows(vectors @ self._projection)


class NetworkFeatures:
    """The vectors, the blocks' cosines and the popularity of items.

    Popularity is log(1 + c) with c the number of an item's events over the mean number an item, so that it means the
    same whenever it is counted: over all events before a time, and over the newest tenth of as many as training has.
    """

    def __init__(self, blocks: tuple[str, ...], material: Material) -> None:
        """Raises BadOptions for a block that the data lacks."""
        self.blocks = BlockSet(blocks, material)
        self.dense = DenseVectors(material.item_vectors, material.seed)
        self._item_vectors = ItemVectors(material.item_vectors)
        self._counts = CountsBefore(material.training.item)
        self._n_items = len(material.catalogue)
        self._n_training = len(material.training)
        everything = np.arange(self._n_items, dtype=np.int32)
        self._popularity = self._popularity_before(everything, np.full(self._n_items, self._n_training))

    def user(self, profile: Profile) -> Any:
        """The weighted mean of the profile's items, [1, dim]."""
        return self._item_vectors.weighted_means([profile.items], [profile.weights])

    def small(self, profile: Profile, positions: Positions, user: Any) -> Floats:
        """Cosines of the blocks, then popularity as of t0: float32 [n, blocks + 2]. user [1, dim]."""
        return np.column_stack([self._cosines(profile, positions, user), self._popularity[positions]])

    def training_set(self, material: Material, options: TrainingOptions) -> TrainingSet:
        """Choices of training with everything as it was just before each."""
        examples = draw_examples(material, n_events=options.choices, negatives=options.negatives)
        popularity = self._popularity_before(examples.items, examples.rows[:, None])
        small = np.zeros((*examples.items.shape, len(self.blocks.names) + 2), np.float32)
        users: Any = examples.user_vectors(material.item_vectors)
        for row, (profile, items) in enumerate(zip(examples.profiles, examples.items, strict=True)):
            cosines = self._cosines(profile, items, users[row : row + 1])
            small[row] = np.column_stack([cosines, popularity[row]])
        return TrainingSet(self.dense.of(users), examples.items, self.dense.of(material.item_vectors), small)

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """New vectors of items: of their text, then of each text of the blocks."""
        self._item_vectors.put(positions, vectors[0])
        self.blocks.put(positions, vectors[1:])

    def rewind(self) -> None:
        """The vectors that it was built with; popularity stays that of t0."""
        self._item_vectors.rewind()
        self.blocks.rewind()

    def _cosines(self, profile: Profile, positions: Positions, user: Any) -> Floats:
        """float32 [n, blocks]."""
        text = dot(self._item_vectors.at(positions), user)
        return self.blocks.similarities(profile, Candidates(positions, text)).T

    def _popularity_before(self, items: Positions, places: Counts) -> Floats:
        """Ever and lately, float32 [*items.shape, 2], before these places of training."""
        window = max(1, int(RECENT_SHARE * self._n_training))
        start = np.maximum(places - window, 0)
        ever = self._counts.count(items, np.zeros_like(places), places) / np.maximum(places, 1)
        lately = self._counts.count(items, start, places) / np.maximum(places - start, 1)
        popularity: Floats = np.log1p(self._n_items * np.stack([ever, lately], axis=-1)).astype(np.float32)
        return popularity
