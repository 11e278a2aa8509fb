"""The feature blocks that a ranker compares by, by name: text, title, description, category and the data's arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.catalogue import Catalogue, CleanItem, description_of
from recsys.data.item_arrays import TEXT_BLOCKS
from recsys.errors import BadOptions, did_you_mean
from recsys.features.blocks import Block, CategoryBlock, Similarities, VectorBlock
from recsys.features.profile import Profile
from recsys.index.protocol import Candidates
from recsys.ranking.protocol import Material
from recsys.types import Positions, Vectors


class BlockSet:
    """Similarities of one user with items, block by block.

    "text" is the candidates' own score. "title" and "description" are encoded apart by the arm's encoder, when the
    recommender is built and when an item comes in. Any other name is an array of the data set.
    """

    def __init__(self, names: Sequence[str], material: Material) -> None:
        """Raises BadOptions for a block that the data lacks."""
        _check(names, material)
        self.names = tuple(names)
        self._catalogue = material.catalogue
        self._fields = [name for name in ("title", "description") if name in self.names]
        self._blocks: dict[str, Block] = {}
        for name in self.names:
            if name == "category":
                self._blocks[name] = CategoryBlock(material.catalogue)
            elif name in self._fields:
                texts = [_field(name, material.catalogue, place) for place in range(len(material.catalogue))]
                self._blocks[name] = VectorBlock(_without_empty(material.encoder.encode(texts), texts))
            elif name != "text":
                self._blocks[name] = VectorBlock(material.dataset.arrays[name])

    def similarities(self, profile: Profile, candidates: Candidates) -> Similarities:
        """float32 [blocks, n] in the order of `names`."""
        rows = [
            self._blocks[name].similarity(profile, candidates.positions) if name != "text" else candidates.scores
            for name in self.names
        ]
        return np.stack(rows)

    def texts(self, item: CleanItem) -> list[str]:
        """What has to be encoded of an item that comes in."""
        return [item.title if name == "title" else description_of(item.title, item.text) for name in self._fields]

    def put(self, positions: Positions, vectors: Sequence[Vectors]) -> None:
        """Items that the catalogue has are new or changed. vectors: of each of `texts`, [n, dim]."""
        for name, rows in zip(self._fields, vectors, strict=True):
            block = self._blocks[name]
            assert isinstance(block, VectorBlock)
            texts = [_field(name, self._catalogue, position) for position in positions.tolist()]
            block.put(positions, _without_empty(rows, texts))

    def rewind(self) -> None:
        """Hold the vectors that it was built with."""
        for block in self._blocks.values():
            if isinstance(block, VectorBlock):
                block.rewind()


def _check(names: Sequence[str], material: Material) -> None:
    known = [*TEXT_BLOCKS, *material.dataset.arrays]
    for name in names:
        if name not in known:
            raise BadOptions(
                f'ranking: unknown block "{name}"{did_you_mean(name, known)}. Known: {", ".join(known)}. '
                f'Next: name its array in the data table, arrays = {{ {name} = "FILE.npy" }}'
            )


def _field(name: str, catalogue: Catalogue, position: int) -> str:
    title = catalogue.titles[position]
    return title if name == "title" else description_of(title, catalogue.texts[position])


def _without_empty(vectors: Vectors, texts: Sequence[str]) -> Vectors:
    """The vectors with zero rows where a text is empty: such an item has no such block, whatever a model says of ""."""
    if not isinstance(vectors, np.ndarray):  # sparse vectors count words, of which there are none
        return vectors
    return np.where(np.array([bool(text) for text in texts])[:, None], vectors, np.float32(0))
