"""The rows of a file that cannot be used: they refuse the file by name, or are left out by count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from recsys.data.line_tables import DAMAGED
from recsys.data.tables import Mask, Rows, Table
from recsys.errors import DataError, shortened

Policy = Literal["refuse", "drop"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can be wrong with a row. bad bool [n]: the rows that have it; show: role that names the row."""

    bad: Mask
    what: str
    next_step: str
    show: str = ""


@dataclass(slots=True)
class _Tally:
    """How often a fault was found, and where first."""

    next_step: str
    n_rows: int = 0
    line: int = 0
    value: str = ""


class Screen:
    """Goes through the tables of one file. policy: "refuse" ends with an error, "drop" leaves the faulty rows out."""

    def __init__(self, path: Path, policy: Policy) -> None:
        self._path = path
        self._policy = policy
        self._n_rows = 0
        self._tallies: dict[str, _Tally] = {}

    def usable(self, table: Table, faults: Iterable[Fault]) -> Rows:
        """The rows of a table without a fault, rising. A row counts under its first fault alone."""
        self._n_rows += len(table)
        usable = np.ones(len(table), bool)
        unread = Fault(~table[DAMAGED].blank, "line that cannot be read", "mend or remove it", DAMAGED)
        for fault in (unread, *faults):
            faulty = np.flatnonzero(fault.bad & usable)
            tally = self._tallies.setdefault(fault.what, _Tally(fault.next_step))
            if len(faulty) and not tally.n_rows:
                first = int(faulty[0])
                shown = f' ({fault.show} "{shortened(table[fault.show][first])}")' if fault.show else ""
                tally.line, tally.value = int(table.lines[first]), shown
            tally.n_rows += len(faulty)
            usable[faulty] = False
        return np.flatnonzero(usable)

    def finish(self) -> tuple[str, ...]:
        """After the last table: what was left out, with counts, naming the file and never its folder.

        Raises DataError to refuse the file, for the fault that is looked for first.
        """
        warnings = []
        for what, found in self._tallies.items():
            if not found.n_rows:
                continue
            counted = f"{found.n_rows:,} of {self._n_rows:,} rows"
            if self._policy == "refuse":
                raise DataError(
                    f"{self._path}:{found.line}: {what}{found.value}; {counted}. "
                    f'Next: {found.next_step}, or leave such rows out with invalid_rows = "drop"'
                )
            warnings.append(f"{self._path.name}: {counted} left out, the first on line {found.line}: {what}")
        return tuple(warnings)
