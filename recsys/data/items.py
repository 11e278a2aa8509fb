"""From the tables of an items file to items."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from recsys.data.screen import Fault, Policy, Screen
from recsys.data.tables import Table
from recsys.data.times import epoch_seconds
from recsys.errors import DataError
from recsys.types import Item


def read_items(path: Path, tables: Iterable[Table], policy: Policy) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """The items, and what was left out. tables: of the file at this path, with the roles of `Item`'s fields.

    published: seconds since 1970 or ISO 8601. Raises DataError for rows that are refused, and for no items.
    """
    screen = Screen(path, policy)
    items: list[Item] = []
    known: set[str] = set()
    for table in tables:
        _append(items, table, screen, known)
    warnings = screen.finish()
    if not items:
        raise DataError(f"{path}: the catalogue is empty. Next: give a file with one row an item")
    return tuple(items), warnings


def _append(items: list[Item], table: Table, screen: Screen, known: set[str]) -> None:
    """Add the usable items of a table. known: the ids so far; those of the table are added."""
    ids = table["item_id"]
    published_s, undated = table["published"].map(epoch_seconds, np.float64), table["published"].blank
    wordless = table["title"].blank & table["text"].blank
    repeated = ids.repeated | ids.map(known.__contains__, np.bool_)
    known.update(ids.values)
    usable = screen.usable(
        table,
        [
            Fault(ids.blank, "no item id", "give every item one"),
            Fault(wordless, "neither title nor text, so nothing to recommend by", "give the item a text", "item_id"),
            Fault(repeated, "item id of an earlier row", "keep one row an item", "item_id"),
            Fault(
                np.isnan(published_s) & ~undated,
                "publication time cannot be read",
                "give seconds since 1970 or ISO 8601",
                "published",
            ),
        ],
    )
    times_s = [None if math.isnan(time_s) else int(time_s) for time_s in published_s[usable].tolist()]
    words = (table[role].at(usable) for role in ("item_id", "title", "text", "category"))
    items += (Item(*row) for row in zip(*words, times_s, strict=True))
