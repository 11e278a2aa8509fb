"""What a recommender is put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from recsys.catalogue import Catalogue
from recsys.encoders.protocol import Encoder
from recsys.features.profile import ProfileStore
from recsys.features.text import TextCleaner, build_cleaner
from recsys.index import Index
from recsys.placement import Placement
from recsys.ranking import Ranker
from recsys.reranking import Reranker
from recsys.types import Item


@dataclass(frozen=True)
class Parts:
    """What a recommender is put together from. items: as they come, by position; the catalogue holds them cleaned.

    cleaner: what cleaned the catalogue, and will clean queries and the items that come in. reranker None: the ranker
    has the last word. forgets_profiles: feedback drops the user's profile text, which it replaces, from the cache.
    """

    items: Sequence[Item]
    catalogue: Catalogue
    encoder: Encoder
    placement: Placement
    index: Index
    ranker: Ranker
    profiles: ProfileStore
    cleaner: TextCleaner = field(default_factory=build_cleaner)
    reranker: Reranker | None = None
    forgets_profiles: bool = False
