"""Files of one record a line as tables: JSON lines, and fields with a separator between them.

A line that cannot be read is no error here: its cells are blank and it stands under the role "damaged", so that it can
be counted and named like any other row that is wrong (`recsys.data.screen`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recsys.data.tables import Column, Table
from recsys.errors import DataError

LINES_AT_ONCE = 1 << 13
DAMAGED = "damaged"
"""The role that holds the beginning of each line that cannot be read, and is blank for the others."""
SHOWN_BYTES = 60
Cell = Callable[[dict[str, Any]], str]
Cells = Sequence[str] | None


def json_tables(path: Path, cells: Mapping[str, Cell]) -> Iterator[Table]:
    """One JSON object a line; cells: role → what to make of the object. A file that ends in .gz is decompressed.

    Raises DataError for a file that cannot be read.
    """

    def parse(line: bytes) -> Cells:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return [cell(record) for cell in cells.values()] if isinstance(record, dict) else None

    return _tables(path, tuple(cells), parse)


def separated_tables(path: Path, separator: str, roles: Sequence[str], encoding: str = "utf-8") -> Iterator[Table]:
    """Fields in this order on each line, without header and quotes; fields beyond the roles, and under "", stay unread.

    Raises DataError for a file that cannot be read.
    """
    kept = [place for place, role in enumerate(roles) if role]

    def parse(line: bytes) -> Cells:
        try:
            fields = line.decode(encoding).split(separator)
        except UnicodeDecodeError:
            return None
        return [fields[place] for place in kept] if len(fields) >= len(roles) else None

    return _tables(path, [roles[place] for place in kept], parse)


def _tables(path: Path, roles: Sequence[str], parse: Callable[[bytes], Cells]) -> Iterator[Table]:
    try:
        with _opened(path) as file:
            numbered = enumerate(file, 1)
            while stretch := list(islice(numbered, LINES_AT_ONCE)):
                yield _table(path, roles, stretch, parse)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}. Next: get the file again") from error


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value] # a GzipFile reads like any binary file
    return path.open("rb")


def _table(
    path: Path, roles: Sequence[str], stretch: Sequence[tuple[int, bytes]], parse: Callable[[bytes], Cells]
) -> Table:
    lines: list[int] = []
    rows: list[Sequence[str]] = []
    damaged: list[str] = []
    nothing = [""] * len(roles)
    for number, ended in stretch:
        line = ended.rstrip(b"\r\n")
        if line.strip():
            cells = parse(line)
            lines.append(number)
            rows.append(nothing if cells is None else cells)
            damaged.append("" if cells is not None else line[:SHOWN_BYTES].decode("utf-8", "replace"))
    columns = {role: Column.of([row[place] for row in rows]) for place, role in enumerate(roles)}
    return Table(path, np.array(lines, np.int64), columns | {DAMAGED: Column.of(damaged)})


def words(value: object) -> str:
    """A JSON value as text: those of a list joined, "" for null and what has no words."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return " ".join(text for text in map(words, value) if text)
    return "" if value is None or isinstance(value, dict | bool) else str(value)
