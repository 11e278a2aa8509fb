"""Amazon reviews as purchases: csv of one title an item, or the JSON lines that UCSD publishes (2018 and 2023).

Csv: items.csv and interactions.csv.gz, as csv reads them. JSON lines: the metadata and the reviews of a category, plain
or gzip, named in the scenario, as in items = "meta_Video_Games.jsonl" and interactions = "Video_Games.jsonl". They are
for research use; get them yourself, they are no part of this project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from recsys.data import DATASETS
from recsys.data.csv import CsvData, CsvOptions, KindName
from recsys.data.line_tables import Cell, json_tables, words
from recsys.data.screen import Policy
from recsys.data.tables import Table

REQUIRES = ("pyarrow",)
SCRIPT = "getTime"
"""Part of the script that stands in place of some titles of 2018, as UCSD's page says."""


class AmazonOptions(CsvOptions):
    """As csv; format: "csv", or UCSD's JSON lines of a year. path: the folder, amazon-games by default.

    Of JSON lines, columns, delimiter and unit are known. default_event_kind = "rating" reads the stars; positive_from
    then says which are dislikes. keep_texts keeps the reviews. invalid_rows is "drop", since UCSD's files name items
    twice, without a title, and not at all.
    """

    format: Literal["csv", "jsonl-2018", "jsonl-2023"] = "csv"
    path: str = "amazon-games"
    default_event_kind: KindName = "purchase"
    invalid_rows: Policy = "drop"
    licence: str = "Derived from the Amazon review data (UCSD); research use."


@DATASETS.register("amazon")
class AmazonData(CsvData):
    """A review is taken as a purchase."""

    Options = AmazonOptions
    _options: AmazonOptions

    def _item_tables(self, path: Path) -> Iterator[Table]:
        if self._options.format == "csv":
            return super()._item_tables(path)
        return json_tables(path, ITEM_CELLS[self._options.format])

    def _event_tables(self, path: Path) -> Iterator[Table]:
        if self._options.format == "csv":
            return super()._event_tables(path)
        unread = set() if self._options.keep_texts else {"text"}
        unread |= set() if self._options.default_event_kind == "rating" else {"rating"}
        cells = EVENT_CELLS[self._options.format]
        return json_tables(path, {role: cell for role, cell in cells.items() if role not in unread})


def _of(*keys: str) -> Cell:
    """The text of the first key that has any."""
    return lambda record: next((text for text in (words(record.get(key)) for key in keys) if text), "")


def _joined(*keys: str) -> Cell:
    """The texts of all keys that have any."""
    return lambda record: ". ".join(text for text in (words(record.get(key)) for key in keys) if text)


def _path_of(key: str) -> Cell:
    """A list of categories, from the widest to the narrowest, as a path."""

    def cell(record: Mapping[str, Any]) -> str:
        value = record.get(key)
        return "/".join(filter(None, map(words, value))) if isinstance(value, list) else words(value)

    return cell


def _title(record: Mapping[str, Any]) -> str:
    title = words(record.get("title"))
    return "" if SCRIPT in title else title


def _seconds(record: Mapping[str, Any]) -> str:
    """Milliseconds since 1970 as whole seconds; what is no number stays as it is, for the message."""
    value = record.get("timestamp")
    return str(value // 1000) if isinstance(value, int) else words(value)


ITEM_CELLS: Mapping[str, Mapping[str, Cell]] = MappingProxyType(
    {
        "jsonl-2018": {
            "item_id": _of("asin"), "title": _title, "text": _joined("brand", "feature", "description"),
            "category": _path_of("category"),
        },
        "jsonl-2023": {
            "item_id": _of("parent_asin", "asin"), "title": _title, "text": _joined("features", "description"),
            "category": _path_of("categories"),
        },
    }
)  # fmt: skip
"""Format → role → the cell of a line of metadata."""
EVENT_CELLS: Mapping[str, Mapping[str, Cell]] = MappingProxyType(
    {
        "jsonl-2018": {
            "timestamp": _of("unixReviewTime"), "user_id": _of("reviewerID"), "item_id": _of("asin"),
            "rating": _of("overall"), "text": _joined("summary", "reviewText"),
        },
        "jsonl-2023": {
            "timestamp": _seconds, "user_id": _of("user_id"), "item_id": _of("parent_asin", "asin"),
            "rating": _of("rating"), "text": _joined("title", "text"),
        },
    }
)  # fmt: skip
"""Format → role → the cell of a review."""
