"""MovieLens ratings: latest-small and its larger kin as csv, 1M as .dat; a good rating is wanted, a bad one is not.

Get them from GroupLens; they are no part of this project. Of users only their ratings are read, no age or occupation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from recsys.data import DATASETS
from recsys.data.amounts import Marks, read_amounts
from recsys.data.dataset import Dataset
from recsys.data.event_log import Behaviour, EventLog, EventRows
from recsys.data.items import read_items
from recsys.data.line_tables import separated_tables
from recsys.data.loading import find_path
from recsys.data.screen import Policy
from recsys.data.tables import Table
from recsys.data.times import all_epoch_seconds
from recsys.options import OptionsModel
from recsys.types import EventKind, Events, Item

REQUIRES = ("pyarrow",)

BEST_RATING = 5.0
NO_GENRES = "(no genres listed)"
MOVIE_COLUMNS = {"item_id": "movieId", "title": "title", "category": "genres"}
RATING_COLUMNS = {"user_id": "userId", "item_id": "movieId", "rating": "rating", "timestamp": "timestamp"}
_YEAR = re.compile(r"\((\d{4})(?:[-–]\d{0,4})?\)\s*$")


class MovielensOptions(OptionsModel):
    """path: the folder as it is unpacked. format: of the files movies and ratings in it, "dat" for 1M.

    positive_from: stars, of five, from which on a rating is wanted; one below it is a dislike. invalid_rows: as csv.
    """

    path: str = Field("ml-latest-small", min_length=1)
    format: Literal["csv", "dat"] = "csv"
    positive_from: float = Field(4.0, ge=0, le=BEST_RATING)
    invalid_rows: Policy = "refuse"
    licence: str = "MovieLens, GroupLens; research use, redistribution under the same terms."


@DATASETS.register("movielens")
class MovielensData:
    """A film's genres are its category and part of its text; it is published on 1 January of the year in its title."""

    Options = MovielensOptions

    def __init__(self, options: MovielensOptions, data_dirs: Sequence[Path]) -> None:
        self._options = options
        self._data_dirs = data_dirs

    def load(self) -> Dataset:
        """The data set. Raises DataError for a file that is missing, damaged, empty, or invalid in a row."""
        options = self._options
        path = self._find("movies")
        films = map(_with_year_and_genres, self._tables(path, MOVIE_COLUMNS))
        items, warnings = read_items(path, films, options.invalid_rows)
        behaviour = self._read_ratings(items)
        return Dataset.of(
            Path(options.path).name,
            _published_by_first_event(items, behaviour.events),
            behaviour,
            licence=options.licence,
            warnings=warnings + behaviour.warnings,
        )

    def _read_ratings(self, items: Sequence[Item]) -> Behaviour:
        path = self._find("ratings")
        log = EventLog(path, {item.item_id: place for place, item in enumerate(items)}, self._options.invalid_rows)
        marks = Marks(BEST_RATING, self._options.positive_from)
        for table in self._tables(path, RATING_COLUMNS):
            time_s = all_epoch_seconds(table["timestamp"].values)[table["timestamp"].codes]
            ratings = np.full(len(table), EventKind.RATING, np.int8)
            log.add(EventRows(table, time_s, *read_amounts(table, ratings, marks)))
        return log.finish()

    def _find(self, name: str) -> Path:
        wanted = Path(self._options.path) / f"{name}.{self._options.format}"
        return find_path(wanted, self._data_dirs, suffixes=("", ".gz"))

    def _tables(self, path: Path, columns: dict[str, str]) -> Iterator[Table]:
        if self._options.format == "dat":
            return separated_tables(path, "::", tuple(columns), encoding="latin-1")
        from recsys.data.csv_tables import SHORT_ROW_BYTES, csv_tables

        return csv_tables(path, columns, columns, longest_row_bytes=SHORT_ROW_BYTES)


def _with_year_and_genres(films: Table) -> Table:
    """The films with a publication date, and their genres as words."""
    genres = films["category"].rewritten(lambda genres: "" if genres == NO_GENRES else genres)
    return films.having(
        category=genres,
        text=genres.rewritten(lambda genres: ", ".join(genres.split("|"))),
        published=films["title"].rewritten(_first_of_january),
    )


def _first_of_january(title: str) -> str:
    """Of the year in brackets at the end of a title, as ISO 8601; "" without one."""
    year = _YEAR.search(title)
    return f"{year[1]}-01-01" if year and year[1] >= "0001" else ""


def _published_by_first_event(items: Sequence[Item], events: Events) -> tuple[Item, ...]:
    """No film came out after somebody rated it, whatever year its title has."""
    rated, first = np.unique(events.item, return_index=True)
    rated_s = dict(zip(rated.tolist(), events.timestamp_s[first].tolist(), strict=True))
    return tuple(
        replace(item, published_s=min(item.published_s, rated_s.get(place, item.published_s)))
        if item.published_s is not None
        else item
        for place, item in enumerate(items)
    )
