"""Recorded times: a column of a csv or Parquet file as int64 ns in rising order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, DecimalException
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from recsys.errors import DataError, did_you_mean, listed

if TYPE_CHECKING:
    from recsys.data.tables import Column

TimeUnit = Literal["s", "ms", "us", "ns"]
NS_PER_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
LONGEST_TEXT = 60
"""Characters of a cell that a message shows."""
PARQUET_SUFFIXES = (".parquet", ".pq")
TOO_FAR_NS = 1 << 62
"""146 years from 1970: a sign of another unit, not a time; the difference of two nearer times fits in int64."""


def read_times_ns(path: Path, column: str, unit: TimeUnit) -> npt.NDArray[np.int64]:
    """The column's times, int64 [n] since 1970 or since whatever its numbers count from, rising, read-only.

    Either every row is a number of `unit`s, read exactly as written, or every row is ISO 8601, in UTC where it names no
    zone. Parquet: a file that ends in .parquet or .pq. Raises DataError for a file that cannot be read, lacks the
    column or has no rows, and for a row that is no time, by its number.
    """
    return _read(path, path.stat().st_mtime_ns, column, unit)


@lru_cache(maxsize=2)
def _read(path: Path, modified_ns: int, column: str, unit: TimeUnit) -> npt.NDArray[np.int64]:
    """Read once for all blocks of a run; modified_ns tells a file that has changed since."""
    texts = _parquet_texts(path, column) if path.suffix in PARQUET_SUFFIXES else _csv_texts(path, column)
    if not len(texts):
        raise DataError(f"{path}: no rows, so no times. Next: give a file with one row an arrival")
    numbers = _number(texts[0]) is not None
    values_ns = _numbers_ns(texts.values, unit) if numbers else _iso_ns(texts.values)
    times_ns = values_ns[texts.codes]
    no_time = np.flatnonzero(abs(times_ns) >= TOO_FAR_NS)
    if len(no_time):
        row, what = int(no_time[0]), f"time in {unit}" if numbers else "ISO 8601 time"
        raise DataError(
            f'{path}: row {row + 1} of column "{column}" holds "{texts[row][:LONGEST_TEXT]}", which is no {what}; '
            f"{len(no_time):,} of {len(times_ns):,} rows. Next: give every row as a number and say its unit "
            f"({', '.join(NS_PER_UNIT)}), or every row as ISO 8601"
        )
    times_ns.sort()
    times_ns.setflags(write=False)
    return times_ns


def _csv_texts(path: Path, column: str) -> Column:
    from recsys.data.csv_tables import csv_tables
    from recsys.data.tables import joined

    return joined(table["column"] for table in csv_tables(path, {"column": column}, ["column"]))


def _parquet_texts(path: Path, column: str) -> Column:
    """The column as text, so that numbers and times of any type are read by the same rules; null is blank."""
    import pyarrow as pa
    from pyarrow import parquet

    from recsys.data.tables import Column

    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            texts = file.read([column])[column].cast(pa.string()).to_pylist() if column in names else None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names
        raise DataError(f"{path}: cannot be read as Parquet: {error}. Next: give numbers, times or text") from error
    if texts is None:
        raise DataError(
            f'{path}: no column "{column}"{did_you_mean(column, names)}. Known: {listed(names)}. '
            "Next: say which one holds the times, as in column = " + f'"{listed(names[:1])}"'
        )
    return Column(np.arange(len(texts), dtype=np.int32), tuple(text or "" for text in texts))


def _number(text: str) -> Decimal | None:
    """The number exactly as it is written, None for what is no finite one."""
    try:
        number = Decimal(text)
    except DecimalException:
        return None
    return number if number.is_finite() else None


def _numbers_ns(texts: Sequence[str], unit: TimeUnit) -> npt.NDArray[np.int64]:
    """Numbers of units in ns, rounded where they are finer; TOO_FAR_NS for what is none, or too large for a time."""
    times_ns = np.full(len(texts), TOO_FAR_NS, np.int64)
    for place, text in enumerate(texts):
        number = _number(text)
        if number is not None and abs(number) < TOO_FAR_NS // NS_PER_UNIT[unit]:
            times_ns[place] = int((number * NS_PER_UNIT[unit]).to_integral_value())
    return times_ns


def _iso_ns(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """ISO 8601 in ns since 1970; TOO_FAR_NS for what is none."""
    import pandas as pd

    moments = pd.to_datetime(list(texts), format="ISO8601", utc=True, errors="coerce")
    near = np.asarray((moments.year > pd.Timestamp.min.year) & (moments.year < pd.Timestamp.max.year))
    times_ns = np.full(len(texts), TOO_FAR_NS, np.int64)
    times_ns[near] = moments[near].as_unit("ns").asi8
    return times_ns
