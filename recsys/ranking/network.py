"""A click network over frozen encoder features: Dense 128-64-1, trained once on what was chosen before t0.

It reads, of a user and an item: the user's vector (the weighted mean of the item vectors of the profile, whatever the
placement, since that is what it was trained on; with a query, the query's vector), the item's vector, the cosine of
each block, and how popular the item is, ever and lately. Sparse vectors are projected to 128 dimensions first. It
orders the candidates of the index and adds none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from pydantic import Field

from recsys.catalogue import CleanItem
from recsys.features.profile import Profile
from recsys.index.protocol import Candidates
from recsys.models.artefacts import ArtefactCache, Recipe
from recsys.placement.item_vectors import ItemVectors
from recsys.ranking import ANYBODY, RANKERS, Asker, Material, Ranker
from recsys.ranking.click_network import ClickNetwork
from recsys.ranking.network_features import NetworkFeatures
from recsys.ranking.network_training import TrainingOptions, train
from recsys.types import Positions, Vectors

REQUIRES = ("torch", "safetensors")
RECIPE_VERSION = 1


class NetworkOptions(TrainingOptions):
    """blocks: whose cosines it reads, as in ranking "blocks"."""

    blocks: tuple[str, ...] = Field(("text", "category"), min_length=1)


@RANKERS.register("network")
class NetworkRanker(Ranker):
    """score = the chance that the user chooses the item."""

    Options = NetworkOptions

    def __init__(self, options: NetworkOptions, material: Material) -> None:
        """Train the network, or load it as it was trained before on the same data, vectors and options.

        Raises BadOptions for a block that the data lacks, DataError for too few choices.
        """
        self._features = features = NetworkFeatures(options.blocks, material)

        def build(path: Path) -> None:
            network, report = train(features.training_set(material, options), options, material.seed)
            network.save(path, report)

        recipe = _recipe(options, material)
        self._network, self._report = ClickNetwork.load(ArtefactCache().get(recipe, build))
        self._artefact = recipe.key
        self._item_parts = ItemVectors(self._network.item_part(features.dense.of(material.item_vectors)))

    def rank(self, profile: Profile, candidates: Candidates, k: int, asker: Asker = ANYBODY) -> Candidates:
        """The k best candidates, best first; equal scores by position."""
        user = asker.vector if profile.query else None
        if user is None:
            user = self._features.user(profile)
        small = self._features.small(profile, candidates.positions, user)
        parts = self._item_parts.at(candidates.positions)
        scores = self._network.probabilities(self._features.dense.of(user)[0], parts, small)
        order = np.lexsort((candidates.positions, -scores))[:k]
        return Candidates(candidates.positions[order], scores[order])

    def texts(self, item: CleanItem) -> Sequence[str]:
        """What its blocks read beside the text."""
        return self._features.blocks.texts(item)

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """New vectors of items, also through the first layer."""
        self._features.put(positions, vectors)
        self._item_parts.put(positions, self._network.item_part(self._features.dense.of(vectors[0])))

    def rewind(self, as_of_s: int) -> None:
        """The vectors that it was built with; the network and its popularity are those of t0 at all times."""
        self._features.rewind()
        self._item_parts.rewind()

    def describe(self) -> dict[str, Any]:
        """How it was trained, and what it is worth on the last 20 % of the choices before t0."""
        return {
            "kind": "network",
            "blocks": list(self._features.blocks.names),
            "artefact": self._artefact,
        } | self._report


def _recipe(options: NetworkOptions, material: Material) -> Recipe:
    """Everything that the trained weights depend on."""
    inputs = {
        "version": RECIPE_VERSION,
        "options": options.model_dump(mode="json"),
        "profile": material.profile.model_dump(mode="json"),
        "data": material.dataset.sha256,
        "t0_s": material.t0_s,
        "seed": material.seed,
        "vectors": _sha256(material.item_vectors),
    }
    return Recipe("click-network", "network.safetensors", inputs)


def _sha256(vectors: Any) -> str:
    digest = hashlib.sha256(str(vectors.shape).encode())
    sparse = isinstance(vectors, scipy.sparse.csr_array)
    for part in (vectors.data, vectors.indices, vectors.indptr) if sparse else (vectors,):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
