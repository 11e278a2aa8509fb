"""Csv files as tables, block by block; what no role asks for stays unread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from recsys.data.tables import Column, Table
from recsys.errors import DataError, did_you_mean, listed

FIRST_ROW_LINE = 2
"""Line of a file on which its first row stands, after the header."""
LONGEST_ROW_BYTES = 1 << 20
SHORT_ROW_BYTES = 1 << 16
"""Enough for a row of ids and numbers. Arrow keeps forty blocks of the longest row in memory."""


def csv_tables(
    path: Path,
    names: Mapping[str, str],
    required: Iterable[str],
    delimiter: str = ",",
    longest_row_bytes: int = LONGEST_ROW_BYTES,
) -> Iterator[Table]:
    """The columns with these names, role → name; a column that the file lacks is left out.

    required: roles whose column must be there. A file that ends in .gz is decompressed. Raises DataError.
    """
    reading = arrow_csv.ReadOptions(block_size=longest_row_bytes)
    parsing = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    line = FIRST_ROW_LINE
    try:
        with arrow_csv.open_csv(path, reading, parsing) as reader:
            header = reader.schema.names
        for role in required:
            _check_present(path, role, names.get(role, ""), header)
        present = {role: name for role, name in names.items() if name in header}
        converting = arrow_csv.ConvertOptions(
            include_columns=sorted(set(present.values())),
            column_types=dict.fromkeys(present.values(), pa.string()),
            strings_can_be_null=False,
        )
        with arrow_csv.open_csv(path, reading, parsing, converting) as reader:
            for block in reader:
                lines = np.arange(line, line + block.num_rows)
                line += block.num_rows
                yield Table(path, lines, {role: _column(block[name]) for role, name in present.items()})
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of a header
        raise DataError(
            f"{path}: cannot be read as csv: {error}. Next: give UTF-8 text with a header line, in rows of less than "
            f"{longest_row_bytes:,} bytes"
        ) from error


def _check_present(path: Path, role: str, name: str, header: list[str]) -> None:
    if name not in header:
        raise DataError(
            f'{path}: no column "{name}" for {role}{did_you_mean(name, header)}. Known: {listed(header)}. '
            f'Next: say which one it is, as in {role} = "{listed(header[:1])}", or name another file'
        )


def _column(strings: pa.Array) -> Column:
    # Arrow's to_numpy() and its functions of Python values import pandas, which a worker must not load.
    coded = strings.dictionary_encode()
    codes = np.from_dlpack(coded.indices).astype(np.int32)  # a copy: Arrow's own block is freed with the table
    return Column(codes, tuple(coded.dictionary.to_pylist()))
