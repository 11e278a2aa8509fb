"""A recommender at t0 over items of which one is published later: any placement on any index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from small_data import dataset_of, make_items

from recsys.catalogue import Catalogue
from recsys.data import Dataset
from recsys.encoders import build_encoder
from recsys.errors import BadOptions
from recsys.features.profile import ProfileOptions, ProfileStore
from recsys.index import INDEXES, build_index
from recsys.pipeline import Parts, Recommender, RetrievalOptions
from recsys.placement import PLACEMENTS
from recsys.ranking import RANKERS, Material
from recsys.types import Item

T0_S, PUBLISHED_S = 1_000, 2_000
NEW = 7
"""The item that is published after t0. Its words are those of item 0, the only one that user 0 has met."""
NEWS = ("fresh", "teapot news", "garden")


def dated_items() -> list[Item]:
    """Twelve items, of which item 1 is published before t0 and NEW after it; the others have no date."""
    items = list(make_items(12))
    items[1] = replace(items[1], published_s=500)
    items[NEW] = replace(items[NEW], title=items[0].title, published_s=PUBLISHED_S)
    return items


def dated_dataset(items: list[Item] | None = None) -> Dataset:
    """User 0 has met item 0, user 1 items 3 and 4. A list of items may be changed later."""
    return replace(
        dataset_of([(1, 0, 0), (2, 1, 3), (3, 1, 4)], n_items=12), items=dated_items() if items is None else items
    )


def combinations() -> list[tuple[str, str]]:
    """Every placement with every index."""
    return [(placement, index) for placement in PLACEMENTS.kinds() for index in INDEXES.kinds()]


def assemble(placement: str, index: str, items: list[Item] | None = None) -> Recommender:
    """A recommender at t0. Vectors are dense where the index takes them, and sparse where it refuses."""
    encoder = build_encoder("fake" if _takes_dense(index) else "tfidf")
    dataset = dated_dataset(items)
    catalogue = Catalogue.of(dataset.items)
    encoder.fit([*Catalogue.of(dated_items()).texts, " ".join(NEWS)])
    vectors = encoder.encode(catalogue.texts)
    ranker = RANKERS.get("similarity")
    parts = Parts(
        items=dataset.items,
        catalogue=catalogue,
        encoder=encoder,
        placement=PLACEMENTS.get(placement)(catalogue, encoder, vectors),
        index=build_index(index, vectors),
        ranker=ranker(ranker.Options(category=0.1), Material(dataset, catalogue, vectors, encoder, T0_S)),
        profiles=ProfileStore(dataset.by_user, ProfileOptions()),
    )
    recommender = Recommender(parts, RetrievalOptions(k=4))
    recommender.rewind(T0_S)
    return recommender


def change(items: list[Item], position: int) -> None:
    """Make an item news: other words, and a category that nobody had."""
    title, text, category = NEWS
    items[position] = Item(items[position].item_id, title, text, category)


def _takes_dense(index: str) -> bool:
    try:
        build_index(index, np.eye(2, dtype=np.float32))
    except BadOptions:
        return False
    return True
