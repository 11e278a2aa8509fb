"""A file of requests as rows of text: csv, csv.gz or Parquet, read and written as a stream.

A row is one string a column of COLUMNS, "" where the cell is blank. Workers read such files too, so Parquet's library
is loaded for a Parquet file alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from bench.errors import ConfigError
from recsys.errors import did_you_mean, listed

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("timestamp", "request_kind", "user_id", "query", "item_id", "event_kind")
"""What a file holds, in the order in which it is written."""
OPTIONAL = frozenset({"event_kind"})
Row = tuple[str, ...]
ROWS_AT_ONCE = 1 << 16
UNITS_PER_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How rows are kept. read raises ConfigError for a file that is damaged or lacks a column."""

    read: Callable[[Path], Iterator[Row]]
    write: Callable[[Path, Iterable[Row]], None]


def format_of(path: Path) -> FileFormat:
    """The format by the end of a file's name. Raises ConfigError when it is none of FORMATS."""
    for suffix, form in FORMATS.items():
        if path.name.endswith(suffix):
            return form
    raise ConfigError(
        f"requests file {path}: unknown format{did_you_mean(path.suffix, FORMATS)}. Known: {', '.join(FORMATS)}. "
        "Next: give it a name with one of these endings"
    )


def _read_csv(path: Path) -> Iterator[Row]:
    opened = gzip.open if path.name.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = next(reader, [])
            _check_header(path, header)
            known = itemgetter(*(header.index(name) if name in header else len(header) for name in COLUMNS))
            for cells in filter(None, reader):  # a line with nothing on it is no row
                if len(cells) != len(header):
                    raise csv.Error(f"line {reader.line_num} has {len(cells)} cells, but the header has {len(header)}")
                yield known([*cells, ""])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, "csv", error) from error


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        _write_text(text, rows)


def _write_packed_csv(path: Path, rows: Iterable[Row]) -> None:
    """Without the time and the name that gzip files usually carry: the same rows are the same bytes."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, "utf-8", newline="") as text,
    ):
        _write_text(text, rows)


def _write_text(text: TextIO, rows: Iterable[Row]) -> None:
    # Lines end as RFC 4180 has them: only then does the writer quote a query that holds a lone carriage return.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            _check_header(path, names)
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=[name for name in COLUMNS if name in names]):
                blank = [""] * len(batch)
                columns = [_cells(batch.column(name)) if name in names else blank for name in COLUMNS]
                yield from zip(*columns, strict=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(path, "Parquet", error) from error


def _cells(column: pa.Array) -> list[str]:
    """The values as text; times as seconds since 1970. Nothing here may import pandas, as Arrow's fill_null does."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        units = UNITS_PER_S[column.type.unit]
        return ["" if count is None else str(count // units) for count in column.cast(pa.int64()).to_pylist()]
    return [text or "" for text in column.cast(pa.string()).to_pylist()]


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(COLUMNS[0], pa.int64()), *((name, pa.string()) for name in COLUMNS[1:])])
    rest = iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while chunk := list(islice(rest, ROWS_AT_ONCE)):
            times_s, *words = zip(*chunk, strict=True)
            columns = [[int(time_s) for time_s in times_s], *([cell or None for cell in column] for column in words)]
            writer.write_table(pa.table(columns, schema=schema))


FORMATS: Mapping[str, FileFormat] = MappingProxyType(
    {
        ".csv": FileFormat(_read_csv, _write_csv),
        ".csv.gz": FileFormat(_read_csv, _write_packed_csv),
        ".parquet": FileFormat(_read_parquet, _write_parquet),
    }
)
"""End of a file's name → how it is read and written."""


def _check_header(path: Path, header: Sequence[str]) -> None:
    for name in COLUMNS:
        if name not in header and name not in OPTIONAL:
            raise ConfigError(
                f'requests file {path}: no column "{name}"{did_you_mean(name, header)}. '
                f"There: {listed(header) or 'nothing'}. Next: give it the columns {', '.join(COLUMNS)} "
                f"({', '.join(OPTIONAL)} may be missing)"
            )


def _unreadable(path: Path, kind: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"requests file {path}: cannot be read as {kind}: {error}. Next: mend it, or write one with the command "
        "requests"
    )
