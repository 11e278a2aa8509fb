"""The items as a recommender holds them: cleaned texts, category codes, and which of them it knows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.features.text import clean_text
from recsys.types import Item, Positions

ALWAYS_S = np.iinfo(np.int64).min
"""Publication time of an item without a date: it is known from the start."""
_BETWEEN = ". "
"""Between title and description in an item's text."""


@dataclass(frozen=True, slots=True)
class CleanItem:
    """What the recommender reads of an item. text: its title and its description."""

    title: str
    text: str
    category: str

    @classmethod
    def of(cls, item: Item, clean: Callable[[str], str] = clean_text) -> CleanItem:
        """Clean an item, its title and its description each by itself."""
        title, body = clean(item.title), clean(item.text)
        return cls(title, _BETWEEN.join(part for part in (title, body) if part), item.category)


def description_of(title: str, text: str) -> str:
    """The description in an item's text, in which its title comes first."""
    return text[len(title) + len(_BETWEEN) :] if title else text


class Catalogue:
    """Items with their cleaned titles and texts, by position; all of them known at first.

    category_codes int32 [n]: equal categories have equal codes, -1 = none. published_s int64 [n], ALWAYS_S without a
    date. hidden bool [n]: not known yet, n_hidden of them. An ingest changes all of these in place, so whoever reads
    from them reads the item as it is now.
    """

    def __init__(self, item_ids: Sequence[str], items: Sequence[CleanItem], published_s: npt.NDArray[np.int64]) -> None:
        self.item_ids = tuple(item_ids)
        self.titles = [item.title for item in items]
        self.texts = [item.text for item in items]
        names = sorted({item.category for item in items if item.category})
        self._code_of = {name: code for code, name in enumerate(names)}
        self._n_built_categories = len(names)
        self.category_codes = np.array([self._code_of.get(item.category, -1) for item in items], np.int32)
        self.published_s = published_s
        self.hidden = np.zeros(len(items), np.bool_)
        self.n_hidden = 0
        self._built: dict[int, tuple[str, str, int]] = {}  # title, text and code of items that were put since

    @classmethod
    def of(cls, items: Sequence[Item], clean: Callable[[str], str] = clean_text) -> Catalogue:
        """Clean the items."""
        times_s = np.array([ALWAYS_S if item.published_s is None else item.published_s for item in items], np.int64)
        return cls([item.item_id for item in items], [CleanItem.of(item, clean) for item in items], times_s)

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def n_categories(self) -> int:
        """Number of different categories."""
        return len(self._code_of)

    @property
    def hidden_positions(self) -> Positions:
        """The items that are not known yet, rising."""
        return np.flatnonzero(self.hidden).astype(np.int32)

    def copy(self) -> Catalogue:
        """Another one, that changes by itself."""
        return copy.deepcopy(self)

    def texts_known_at(self, timestamp_s: int) -> list[str]:
        """Texts of the items published before a time; an item without a date is known from the start."""
        return [text for text, known_s in zip(self.texts, self.published_s, strict=True) if known_s < timestamp_s]

    def put(self, positions: Sequence[int], items: Sequence[CleanItem]) -> None:
        """Know these items, as they are now."""
        for position, item in zip(positions, items, strict=True):
            row = self.titles[position], self.texts[position], int(self.category_codes[position])
            self._built.setdefault(position, row)
            code = self._code_of.setdefault(item.category, len(self._code_of)) if item.category else -1
            self._write(position, item.title, item.text, code)
            self.n_hidden -= int(self.hidden[position])
            self.hidden[position] = False

    def rewind(self, as_of_s: int) -> None:
        """Hold the items as they were built, and know those published before a time."""
        for position, row in self._built.items():
            self._write(position, *row)
        self._built.clear()
        while len(self._code_of) > self._n_built_categories:
            self._code_of.popitem()  # the last to come
        self.hidden[:] = self.published_s >= as_of_s
        self.n_hidden = int(self.hidden.sum())

    def _write(self, position: int, title: str, text: str, code: int) -> None:
        self.titles[position] = title
        self.texts[position] = text
        self.category_codes[position] = code
