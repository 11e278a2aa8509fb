"""The project's own catalogue of 600 items in five domains, with simulated users; nothing to download.

The texts were written for this project: social posts, products, music and video, news, and pages found by search. The
users are simulated (`recsys.data.simulation`), so results on them show how a recommender behaves and what it costs,
never what it is worth to people.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
from pydantic import Field

from recsys.data import DATASETS
from recsys.data.dataset import Dataset
from recsys.data.fingerprint import content_sha256
from recsys.data.simulation import DAY_S, ItemTraits, Period, simulate_events
from recsys.errors import DataError
from recsys.options import OptionsModel
from recsys.types import Item

DOMAINS = ("media", "news", "products", "search", "social")
TRAITS = ("topic", "domain", "tone", "level")
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Start of the simulated period; every item of the catalogue is published before it."""
LICENCE = "Texts written for this project, under its own licence; users and events are simulated."


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One line of a catalogue file. topic, tone and level are hidden: the recommender sees title, text and category."""

    item_id: str
    title: str
    text: str
    category: str
    date: str
    topic: str
    tone: str
    level: str
    domain: str

    @property
    def published_s(self) -> int:
        """Midnight (UTC) of the item's date, in seconds since 1970."""
        return int(datetime.combine(date.fromisoformat(self.date), datetime.min.time(), UTC).timestamp())


@DATASETS.register("embedded")
class EmbeddedData:
    """The shipped catalogue and its simulated users."""

    class Options(OptionsModel):
        """seed: of the simulation. users: how many. days: length of the simulated period, from 2026-01-01 on."""

        seed: int = Field(7, ge=0)
        users: int = Field(600, ge=1, le=100_000)
        days: int = Field(90, ge=1, le=3650)

    def __init__(self, options: Options, data_dirs: Sequence[Path]) -> None:
        self._options = options

    def load(self) -> Dataset:
        """600 items and the events of all users. Raises DataError when the shipped files are damaged."""
        catalogue = read_catalogue()
        options = self._options
        period = Period(int(FIRST_DAY.timestamp()), options.days)
        events = simulate_events(item_traits(catalogue), period, n_users=options.users, seed=options.seed)
        items = tuple(
            Item(row.item_id, row.title, row.text, f"{row.domain}/{row.category}", row.published_s) for row in catalogue
        )
        width = len(str(options.users))
        user_ids = tuple(f"user-{number:0{width}}" for number in range(1, options.users + 1))
        return Dataset(
            "embedded", items, user_ids, events, content_sha256(items, user_ids, events), LICENCE, simulated=True
        )


def read_catalogue() -> tuple[CatalogueItem, ...]:
    """All items of the shipped catalogue, domain by domain. Raises DataError for a damaged installation."""
    folder = files("recsys.data") / "catalogue"
    rows: list[CatalogueItem] = []
    for domain in DOMAINS:
        name = f"{domain}.jsonl"
        try:
            lines = (folder / name).read_text(encoding="utf-8").strip().split("\n")
            rows.extend(CatalogueItem(**json.loads(line), domain=domain) for line in lines)
        except (OSError, ValueError, TypeError) as error:
            raise DataError(
                f"data embedded: {name} is missing or damaged ({error}). Next: install the project again"
            ) from error
    return tuple(rows)


def item_traits(catalogue: Sequence[CatalogueItem]) -> ItemTraits:
    """The attributes that simulated tastes are about; codes count the values in alphabetical order."""
    codes = {
        trait: np.unique([getattr(row, trait) for row in catalogue], return_inverse=True)[1].astype(np.int64)
        for trait in TRAITS
    }
    ages_s = FIRST_DAY.timestamp() - np.array([row.published_s for row in catalogue], np.float64)
    return ItemTraits(codes, ages_s / DAY_S)
