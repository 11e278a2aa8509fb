"""The items as the recommender holds them: cleaned texts, category codes, vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recsys.features.text import clean_text
from recsys.types import Item


@dataclass(frozen=True)
class Catalogue:
    """Items with their cleaned titles and texts.

    category_codes int32 [n]: equal categories have equal codes, -1 = none. published_s int64 [n], 0 = without a date.
    """

    item_ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    category_codes: npt.NDArray[np.int32]
    published_s: npt.NDArray[np.int64]

    @classmethod
    def of(cls, items: Sequence[Item]) -> Catalogue:
        """Clean the items. The text of an item is its title and its description."""
        titles = tuple(clean_text(item.title) for item in items)
        bodies = [clean_text(item.text) for item in items]
        names = sorted({item.category for item in items if item.category})
        code = {name: number for number, name in enumerate(names)}
        return cls(
            item_ids=tuple(item.item_id for item in items),
            titles=titles,
            texts=tuple(". ".join(part for part in pair if part) for pair in zip(titles, bodies, strict=True)),
            category_codes=np.array([code.get(item.category, -1) for item in items], np.int32),
            published_s=np.array([item.published_s or 0 for item in items], np.int64),
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    @cached_property
    def n_categories(self) -> int:
        """Number of different categories."""
        return int(self.category_codes.max(initial=-1)) + 1

    def texts_known_at(self, timestamp_s: int) -> list[str]:
        """Texts of the items published before a time; an item without a date is known from the start."""
        return [text for text, known_s in zip(self.texts, self.published_s, strict=True) if known_s < timestamp_s]
