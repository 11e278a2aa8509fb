"""Your own data: items and interactions in two csv files (gzip too), columns named in the scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.data import DATASETS
from recsys.data.amounts import Marks, read_amounts
from recsys.data.dataset import Dataset
from recsys.data.event_log import Behaviour, EventLog, EventRows
from recsys.data.items import read_items
from recsys.data.loading import find_path
from recsys.data.screen import Policy
from recsys.data.tables import Table
from recsys.data.times import TimeUnit, all_epoch_seconds
from recsys.errors import shortened
from recsys.options import OptionsModel
from recsys.types import EventKind, Item

REQUIRES = ("pyarrow",)

KindName = Literal["browse", "click", "purchase", "rating"]


class ItemColumns(OptionsModel):
    """Which column of the items file is what; item_id and one of title and text must be there."""

    item_id: str = Field("item_id", min_length=1)
    title: str = "title"
    text: str = "text"
    category: str = "category"
    published: str = "published"


class EventColumns(OptionsModel):
    """Which column of the interactions file is what; the first three must be there. "" leaves one unread.

    dwell_s: seconds that a browse or click lasted; quantity: of a purchase; rating: the mark of a rating. text: the
    user's own words, kept with keep_texts alone.
    """

    timestamp: str = Field("timestamp", min_length=1)
    user_id: str = Field("user_id", min_length=1)
    item_id: str = Field("item_id", min_length=1)
    event_kind: str = "event_kind"
    dwell_s: str = "dwell_s"
    quantity: str = "quantity"
    rating: str = "rating"
    session_id: str = "session_id"
    text: str = "text"


class CsvOptions(OptionsModel):
    """path: folder of both files. A file that is not there is looked for with ".gz" behind its name.

    timestamp_unit: of numbers; ISO 8601 is read as well. event_kinds: what the values of the event_kind column mean;
    default_event_kind: all others, and every event without that column. A rating below positive_from is a dislike;
    best_rating: the best mark. keep_texts: hold the users' own words in memory. invalid_rows: "refuse" ends with an
    error that names the first, "drop" leaves them out and counts them in a warning. name: of the data set, "" = the
    folder's.
    """

    path: str = ""
    items: str = Field("items.csv", min_length=1)
    interactions: str = Field("interactions.csv", min_length=1)
    delimiter: str = Field(",", min_length=1, max_length=1)
    item_columns: ItemColumns = ItemColumns()
    event_columns: EventColumns = EventColumns()
    timestamp_unit: TimeUnit = "s"
    event_kinds: dict[str, KindName] = Field(default={kind: kind for kind in ("browse", "click", "purchase", "rating")})
    default_event_kind: KindName = "click"
    positive_from: float = Field(0.0, ge=0)
    best_rating: float = Field(5.0, gt=0)
    keep_texts: bool = False
    invalid_rows: Policy = "refuse"
    name: str = ""
    licence: str = ""


@DATASETS.register("csv")
class CsvData:
    """Reads the two files, refuses or leaves out what is invalid, and sorts the events by time."""

    Options: type[CsvOptions] = CsvOptions

    def __init__(self, options: CsvOptions, data_dirs: Sequence[Path]) -> None:
        self._options = options
        self._data_dirs = data_dirs
        self._n_foreign = 0
        self._foreign = ""

    def load(self) -> Dataset:
        """The data set. Raises DataError for a file that is missing, damaged, empty, or invalid in a row."""
        options = self._options
        path = self._find(options.items)
        items, warnings = read_items(path, self._item_tables(path), options.invalid_rows)
        behaviour = self._read_behaviour(items)
        return Dataset.of(
            options.name or Path(options.path).name or Path(options.items).name.split(".")[0],
            items,
            behaviour,
            licence=options.licence,
            warnings=(*warnings, *behaviour.warnings, *self._mended(behaviour)),
        )

    def _find(self, file: str) -> Path:
        return find_path(Path(self._options.path) / file, self._data_dirs, suffixes=("", ".gz"))

    def _tables(self, path: Path, columns: OptionsModel, required: set[str], *, texts: bool) -> Iterator[Table]:
        """The tables of a file. Columns that the scenario names must be there, as those that are required."""
        from recsys.data.csv_tables import LONGEST_ROW_BYTES, SHORT_ROW_BYTES, csv_tables

        names = {role: name for role, name in columns.model_dump().items() if name}
        needed = sorted(required | (columns.model_fields_set & names.keys()))
        longest = LONGEST_ROW_BYTES if texts else SHORT_ROW_BYTES
        return csv_tables(path, names, needed, self._options.delimiter, longest)

    def _item_tables(self, path: Path) -> Iterator[Table]:
        return self._tables(path, self._options.item_columns, {"item_id"}, texts=True)

    def _event_tables(self, path: Path) -> Iterator[Table]:
        required = {"timestamp", "user_id", "item_id"} | ({"rating"} & {self._options.default_event_kind})
        unread = {} if self._options.keep_texts else {"text": ""}
        columns = self._options.event_columns.model_copy(update=unread)
        return self._tables(path, columns, required, texts=self._options.keep_texts)

    def _read_behaviour(self, items: Sequence[Item]) -> Behaviour:
        path = self._find(self._options.interactions)
        log = EventLog(path, {item.item_id: place for place, item in enumerate(items)}, self._options.invalid_rows)
        for table in self._event_tables(path):
            log.add(self._rows(table))
        return log.finish()

    def _rows(self, table: Table) -> EventRows:
        """What the rows of the interactions file say was done."""
        options = self._options
        times = table["timestamp"]
        time_s = all_epoch_seconds(times.values, options.timestamp_unit)[times.codes]
        marks = Marks(options.best_rating, options.positive_from)
        return EventRows(table, time_s, *read_amounts(table, self._kinds(table), marks))

    def _kinds(self, table: Table) -> npt.NDArray[np.int8]:
        """EventKind of the rows, int8."""
        meaning, default = self._options.event_kinds, self._options.default_event_kind
        names = table["event_kind"]
        foreign = np.flatnonzero(names.map(lambda name: bool(name) and name not in meaning, np.bool_))
        if len(foreign):
            self._n_foreign += len(foreign)
            self._foreign = self._foreign or shortened(names[int(foreign[0])])
        return names.map(lambda name: EventKind[meaning.get(name, default).upper()], np.int8)

    def _mended(self, behaviour: Behaviour) -> Iterator[str]:
        options, n = self._options, len(behaviour.events)
        if behaviour.n_late:
            yield f"{options.interactions}: {behaviour.n_late:,} of {n:,} events were out of order; sorted by time"
        if self._n_foreign:
            kinds = f'kinds such as "{self._foreign}" taken as {options.default_event_kind}'
            yield f"{self._n_foreign:,} events of {kinds}: see event_kinds"
