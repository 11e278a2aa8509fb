"""Tables of text, a stretch of a file at a time: each string is kept once, and each row knows its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Column:
    """Strings, each different one kept once: row i is values[codes[i]]. codes int32 [n]."""

    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    @classmethod
    def of(cls, strings: Sequence[str]) -> Column:
        """One row a string."""
        code_of = Interner()
        codes = np.fromiter(map(code_of.__getitem__, strings), np.int32, len(strings))
        return cls(codes, tuple(code_of))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]

    def __iter__(self) -> Iterator[str]:
        return (self.values[code] for code in self.codes.tolist())

    def at(self, rows: Rows) -> Column:
        """These rows, in the order given."""
        return Column(self.codes[rows], self.values)

    def map(self, function: Callable[[str], object], dtype: type[Number]) -> npt.NDArray[Number]:
        """What the function makes of every row, [n]; it is called once for each different string."""
        return np.array([function(value) for value in self.values], dtype)[self.codes]

    def rewritten(self, function: Callable[[str], str]) -> Column:
        """The column with other strings; the function is called once for each different one."""
        return Column(self.codes, tuple(function(value) for value in self.values))

    def looked_up(self, known: Mapping[str, int], default: int) -> npt.NDArray[np.int32]:
        """The number that every row stands for, int32 [n]."""
        of_value = map(known.get, self.values, repeat(default))
        return np.fromiter(of_value, np.int32, len(self.values))[self.codes]

    @property
    def blank(self) -> Mask:
        """Which rows hold nothing but white space."""
        if "" not in self.values and not any(map(str.isspace, self.values)):  # the usual case, at a third of the cost
            return np.zeros(len(self), np.bool_)
        return self.map(lambda value: not value.strip(), np.bool_)

    @property
    def repeated(self) -> Mask:
        """Which rows hold what an earlier row holds."""
        repeated = np.ones(len(self), bool)
        repeated[np.unique(self.codes, return_index=True)[1]] = False
        return repeated


@dataclass(frozen=True)
class Table:
    """Consecutive rows of a file, as columns by the role they play ("item_id"). lines int64 [n]: where each stands.

    Roles that the file has no column for are not in `columns`; asked for, they are blank.
    """

    path: Path
    lines: npt.NDArray[np.int64]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, role: str) -> bool:
        return role in self.columns

    def __getitem__(self, role: str) -> Column:
        return self.columns[role] if role in self.columns else Column(np.zeros(len(self), np.int32), ("",))

    def having(self, **columns: Column) -> Table:
        """The table with these columns too, or in place of what it has."""
        return Table(self.path, self.lines, {**self.columns, **columns})

    def at(self, rows: Rows) -> Table:
        """These rows, in the order given."""
        return Table(self.path, self.lines[rows], {role: column.at(rows) for role, column in self.columns.items()})


class Interner(dict[str, int]):
    """Gives every different string a number, in the order in which they come: interner["a"]."""

    def __missing__(self, string: str) -> int:
        number = self[string] = len(self)
        return number

    def numbers(self, column: Column) -> npt.NDArray[np.int32]:
        """The number of every row, int32 [n]."""
        of_value = map(self.__getitem__, column.values)
        return np.fromiter(of_value, np.int32, len(column.values))[column.codes]


def joined(columns: Iterable[Column]) -> Column:
    """The rows of all columns, one after the other."""
    code_of = Interner()
    codes = [code_of.numbers(column) for column in columns]
    return Column(np.concatenate([np.zeros(0, np.int32), *codes]), tuple(code_of))
