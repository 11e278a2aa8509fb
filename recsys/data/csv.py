"""Your own data: items and interactions in two csv files (gzip too), columns named in the scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.data import DATASETS
from recsys.data.dataset import Dataset
from recsys.data.fingerprint import content_sha256
from recsys.data.loading import find_path
from recsys.data.tables import Column, Screen, Table, read_table, shortened
from recsys.data.times import TimeUnit, epoch_seconds
from recsys.errors import DataError
from recsys.options import OptionsModel
from recsys.types import EventKind, Events, Item

REQUIRES = ("pyarrow",)

KindName = Literal["browse", "click", "purchase"]


class ItemColumns(OptionsModel):
    """Which column of the items file is what; item_id and one of title and text must be there."""

    item_id: str = "item_id"
    title: str = "title"
    text: str = "text"
    category: str = "category"
    published: str = "published"


class EventColumns(OptionsModel):
    """Which column of the interactions file is what; all but event_kind must be there."""

    timestamp: str = "timestamp"
    user_id: str = "user_id"
    item_id: str = "item_id"
    event_kind: str = "event_kind"


class CsvOptions(OptionsModel):
    """path: folder of both files. A file that is not there is looked for with ".gz" behind its name.

    timestamp_unit: of numbers; ISO 8601 is read as well. event_kinds: what the values of the event_kind column mean;
    default_event_kind: all others, and every event without that column. invalid_rows: "refuse" ends with an error that
    names the first, "drop" leaves them out and counts them in a warning. name: of the data set, "" = the folder's.
    """

    path: str = ""
    items: str = Field("items.csv", min_length=1)
    interactions: str = Field("interactions.csv", min_length=1)
    delimiter: str = Field(",", min_length=1, max_length=1)
    item_columns: ItemColumns = ItemColumns()
    event_columns: EventColumns = EventColumns()
    timestamp_unit: TimeUnit = "s"
    event_kinds: dict[str, KindName] = Field(default={"browse": "browse", "click": "click", "purchase": "purchase"})
    default_event_kind: KindName = "click"
    invalid_rows: Literal["refuse", "drop"] = "refuse"
    name: str = ""
    licence: str = ""


@DATASETS.register("csv")
class CsvData:
    """Reads the two files, refuses or leaves out what is invalid, and sorts the events by time."""

    Options: type[CsvOptions] = CsvOptions

    def __init__(self, options: CsvOptions, data_dirs: Sequence[Path]) -> None:
        self._options = options
        self._data_dirs = data_dirs
        self._warnings: list[str] = []

    def load(self) -> Dataset:
        """The data set. Raises DataError for a file that is missing, damaged, empty, or invalid in a row."""
        options = self._options
        items = self._items()
        user_ids, events = self._events({item.item_id: position for position, item in enumerate(items)})
        return Dataset(
            name=options.name or Path(options.path).name or Path(options.items).name.split(".")[0],
            items=items,
            user_ids=user_ids,
            events=events,
            sha256=content_sha256(items, user_ids, events),
            licence=options.licence,
            warnings=tuple(self._warnings),
        )

    def _read(self, file: str, columns: OptionsModel, required: set[str]) -> Table:
        """The table of a file. Columns that the scenario names must be there, as those that are required."""
        path = find_path(Path(self._options.path) / file, self._data_dirs, suffixes=("", ".gz"))
        return read_table(
            path, columns.model_dump(), sorted(required | columns.model_fields_set), self._options.delimiter
        )

    def _items(self) -> tuple[Item, ...]:
        table = self._read(self._options.items, self._options.item_columns, {"item_id"})
        published_s, undated = table["published"].map(epoch_seconds, np.float64), table["published"].blank
        screen = Screen(table, self._options.invalid_rows)
        screen.reject(table["item_id"].blank, "no item id", "give every item one")
        no_words = table["title"].blank & table["text"].blank
        screen.reject(no_words, "neither title nor text, so nothing to recommend by", "give the item a text", "item_id")
        screen.reject(table["item_id"].repeated, "item id of an earlier row", "keep one row an item", "item_id")
        date_step = "give seconds since 1970 or ISO 8601"
        screen.reject(np.isnan(published_s) & ~undated, "publication time cannot be read", date_step, "published")
        self._warnings += screen.warnings
        if not len(screen.kept):
            raise DataError(f"{table.path}: the catalogue is empty. Next: give a file with one row an item")
        words = [table[role].take(screen.kept) for role in ("item_id", "title", "text", "category")]
        times_s = [None if math.isnan(time_s) else int(time_s) for time_s in published_s[screen.kept].tolist()]
        return tuple(Item(*row) for row in zip(*words, times_s, strict=True))

    def _events(self, position_of: dict[str, int]) -> tuple[tuple[str, ...], Events]:
        """User names by first appearance, and the events in time order."""
        options = self._options
        table = self._read(options.interactions, options.event_columns, {"timestamp", "user_id", "item_id"})
        item = table["item_id"].map(lambda item_id: position_of.get(item_id, -1), np.int32)
        time_s = table["timestamp"].map(lambda text: epoch_seconds(text, options.timestamp_unit), np.float64)
        screen = Screen(table, options.invalid_rows)
        unit_step = 'give seconds since 1970 or ISO 8601, or set timestamp_unit = "ms"'
        screen.reject(np.isnan(time_s), "timestamp cannot be read", unit_step, "timestamp")
        screen.reject(table["user_id"].blank, "no user id", "give every interaction one")
        screen.reject(item < 0, "interaction with an item that the catalogue lacks", "add the item", "item_id")
        self._warnings += screen.warnings
        if not len(screen.kept):
            raise DataError(f"{table.path}: no interactions. Next: give a file with one row an interaction")
        rows = screen.kept[self._time_order(time_s[screen.kept], table.path.name)]
        user_ids, user = _by_first_appearance(table["user_id"], rows)
        kind = self._kinds(table["event_kind"], rows)
        return user_ids, Events(time_s[rows].astype(np.int64), user, item[rows], kind)

    def _time_order(self, time_s: npt.NDArray[np.float64], file: str) -> npt.NDArray[np.intp]:
        """The rows by time; events of one second keep the order of the file."""
        late = int((np.diff(time_s) < 0).sum())
        if late:
            self._warnings.append(f"{file}: {late:,} of {len(time_s):,} events were out of order; sorted by time")
        return np.argsort(time_s, kind="stable")

    def _kinds(self, names: Column, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """EventKind of these rows, int8."""
        meaning, default = self._options.event_kinds, self._options.default_event_kind
        foreign = rows[names.map(lambda name: bool(name) and name not in meaning, np.bool_)[rows]]
        if len(foreign):
            example = shortened(names[int(foreign[0])])
            self._warnings.append(
                f'{len(foreign):,} events of kinds such as "{example}" taken as {default}: see event_kinds'
            )
        return names.map(lambda name: EventKind[meaning.get(name, default).upper()], np.int8)[rows]


def _by_first_appearance(column: Column, rows: npt.NDArray[np.intp]) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    """The different strings of these rows as they come, and for each row the place of its string among them."""
    codes, first, place = np.unique(column.codes[rows], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(codes), np.int32)
    rank[order] = np.arange(len(codes))
    return tuple(column.values[code] for code in codes[order].tolist()), rank[place]
