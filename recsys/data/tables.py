"""Columns of a csv file, and the rows of it that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from recsys.errors import DataError, did_you_mean

FIRST_ROW_LINE = 2
"""Line of a file on which its first row stands, after the header."""
BLOCK_BYTES = 4 << 20

Number = TypeVar("Number", bound=np.generic)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """Strings, each different one kept once: row i is values[codes[i]]. codes int32 [n]."""

    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]

    def take(self, rows: npt.NDArray[np.intp]) -> list[str]:
        """The strings of these rows."""
        return [self.values[code] for code in self.codes[rows].tolist()]

    def map(self, function: Callable[[str], object], dtype: type[Number]) -> npt.NDArray[Number]:
        """What the function makes of every row, [n]; it is called once for each different string."""
        return np.array([function(value) for value in self.values], dtype)[self.codes]

    @property
    def blank(self) -> Mask:
        """Which rows hold nothing but white space."""
        return self.map(lambda value: not value.strip(), np.bool_)

    @property
    def repeated(self) -> Mask:
        """Which rows hold what an earlier row holds."""
        repeated = np.ones(len(self), bool)
        repeated[np.unique(self.codes, return_index=True)[1]] = False
        return repeated


@dataclass(frozen=True)
class Table:
    """Some columns of a file, by the role they play ("item_id"); a column that the file lacks is blank."""

    path: Path
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, role: str) -> Column:
        return self.columns[role]


def read_table(path: Path, names: Mapping[str, str], required: Iterable[str], delimiter: str = ",") -> Table:
    """Read the columns with these names, role → name, block by block; what else the file holds stays unread.

    required: roles whose column must be there. A file that ends in .gz is decompressed. Raises DataError.
    """
    reading = arrow_csv.ReadOptions(block_size=BLOCK_BYTES)
    parsing = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    try:
        with arrow_csv.open_csv(path, reading, parsing) as reader:
            header = reader.schema.names
        for role in required:
            _check_present(path, role, names[role], header)
        present = sorted({name for name in names.values() if name in header})
        converting = arrow_csv.ConvertOptions(
            include_columns=present, column_types=dict.fromkeys(present, pa.string()), strings_can_be_null=False
        )
        with arrow_csv.open_csv(path, reading, parsing, converting) as reader:
            table = reader.read_all()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as csv: {error}. Next: give UTF-8 text with a header line") from error
    absent = Column(np.zeros(table.num_rows, np.int32), ("",))
    return Table(path, {role: _column(table[name]) if name in present else absent for role, name in names.items()})


def _check_present(path: Path, role: str, name: str, header: list[str]) -> None:
    if name not in header:
        raise DataError(
            f'{path}: no column "{name}" for {role}{did_you_mean(name, header)}. Known: {", ".join(header)}. '
            f'Next: say which one it is, as in {role} = "{header[0]}", or name another file'
        )


def _column(strings: pa.ChunkedArray) -> Column:
    # Arrow's to_numpy() and its functions of Python values import pandas, which a worker must not load.
    coded = strings.combine_chunks().dictionary_encode()
    codes = np.from_dlpack(coded.indices).astype(np.int32, copy=False)
    return Column(codes, tuple(coded.dictionary.to_pylist()))


class Screen:
    """Goes through the faults a table's rows may have, and refuses the table or leaves the rows out.

    warnings: what was left out, with counts; it names the file, never its folder.
    """

    def __init__(self, table: Table, policy: Literal["refuse", "drop"]) -> None:
        self._table = table
        self._policy = policy
        self._usable = np.ones(len(table), bool)
        self.warnings: list[str] = []

    def reject(self, bad: Mask, fault: str, next_step: str, show: str = "") -> None:
        """Rows that have this fault. show: role of the column that names the row. Raises DataError to refuse."""
        faulty = np.flatnonzero(bad & self._usable)
        if not len(faulty):
            return
        counted = f"{len(faulty):,} of {len(bad):,} rows"
        if self._policy == "refuse":
            value = f' ({show} "{shortened(self._table[show][int(faulty[0])])}")' if show else ""
            raise DataError(
                f"{self._table.path}:{faulty[0] + FIRST_ROW_LINE}: {fault}{value}; {counted}. "
                f'Next: {next_step}, or leave such rows out with invalid_rows = "drop"'
            )
        self._usable[faulty] = False
        self.warnings.append(f"{self._table.path.name}: {counted} left out: {fault}")

    @property
    def kept(self) -> npt.NDArray[np.intp]:
        """The rows that can be used, rising."""
        return np.flatnonzero(self._usable)


def shortened(text: str, length: int = 60) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= length else f"{text[:length]}…"
