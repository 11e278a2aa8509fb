"""Data sets small enough to reckon with by hand, in memory and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.data import Dataset
from recsys.types import EventKind, Events, Item

WORDS = ("red", "blue", "kettle", "teapot", "lamp", "chair", "wool", "steel")


def make_items(n: int, n_categories: int = 3) -> tuple[Item, ...]:
    """Items "i0", "i1", … whose texts differ; categories in turn, none where there are to be none."""
    return tuple(
        Item(
            f"i{place}",
            f"{WORDS[place % 8]} {WORDS[place // 8 % 8]} number{place}",
            category=f"c{place % n_categories}" if n_categories else "",
        )
        for place in range(n)
    )


def make_dataset(n_items: int = 40, n_users: int = 12, n_events: int = 400, seed: int = 3) -> Dataset:
    """Seeded events at random, about ten seconds apart, some at the same second."""
    rng = np.random.default_rng(seed)
    events = Events(
        np.cumsum(rng.integers(0, 20, n_events)).astype(np.int64) + 1_000,
        rng.integers(0, n_users, n_events).astype(np.int32),
        rng.integers(0, n_items, n_events).astype(np.int32),
        rng.integers(0, EventKind.PURCHASE + 1, n_events).astype(np.int8),
    )
    return Dataset("small", make_items(n_items), tuple(f"u{user}" for user in range(n_users)), events, "0" * 64)


def dataset_of(rows: Sequence[tuple[int, int, int]], n_items: int = 5, n_users: int = 3) -> Dataset:
    """A data set of exactly these events (timestamp_s, user, item), all clicks."""
    columns = np.array(rows, np.int64).reshape(-1, 3)
    events = Events(
        columns[:, 0],
        columns[:, 1].astype(np.int32),
        columns[:, 2].astype(np.int32),
        np.full(len(columns), EventKind.CLICK, np.int8),
    )
    return Dataset("given", make_items(n_items), tuple(f"u{user}" for user in range(n_users)), events, "0" * 64)


def write_csv(folder: Path, items: str | None = None, interactions: str | None = None) -> None:
    """items.csv and interactions.csv: the texts given, or a sound set of 30 items and 300 events."""
    folder.mkdir(parents=True, exist_ok=True)
    dataset = make_dataset(30, 10, 300)
    if items is None:
        items = "item_id,title\n" + "".join(f"{item.item_id},{item.title}\n" for item in dataset.items)
    if interactions is None:
        columns = (dataset.events.timestamp_s, dataset.events.user, dataset.events.item)
        rows = [f"{time_s},u{user},i{item}\n" for time_s, user, item in zip(*columns, strict=True)]
        interactions = "timestamp,user_id,item_id\n" + "".join(rows)
    (folder / "items.csv").write_text(items, encoding="utf-8")
    (folder / "interactions.csv").write_text(interactions, encoding="utf-8")
