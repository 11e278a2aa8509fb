"""From the tables of an interactions file to events: compact columns that grow table by table.

A row takes 17 bytes, and 4 more each where amounts and sessions are known; ids are numbered as they come. Nothing else
of a file stays, so that reading takes little more memory than the events do.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.data.screen import Fault, Policy, Screen
from recsys.data.tables import Interner, Table
from recsys.data.time_order import AT_ONCE, TimeOrder
from recsys.errors import DataError
from recsys.types import Events

UNKNOWN = -1
"""The position of a user or item that is not known."""
_DTYPES: dict[str, type[np.generic]] = {
    "timestamp_s": np.int64, "user": np.int32, "item": np.int32, "kind": np.int8, "amount": np.float32,
    "session": np.int32,
}  # fmt: skip


@dataclass(frozen=True)
class EventRows:
    """What the rows of a table say was done.

    table: roles user_id and item_id, and session_id and text where they are to be kept. time_s float64 [n], NaN where
    it cannot be read; kind int8 [n]; amount float32 [n] as in `Events`, None = of no row. faults: what else is wrong.
    """

    table: Table
    time_s: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    amount: npt.NDArray[np.float32] | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Behaviour:
    """What users did. user_ids[i] is the name of user i, by first appearance; events in time order.

    sessions int32 [events], None where the file names none. texts: event → the user's own words. n_late: how often an
    event of the file is earlier than the one above it. warnings: what was left out. users_by_number int32: from the
    order in which the file names users to their position, UNKNOWN for those without an event.
    """

    user_ids: tuple[str, ...]
    events: Events
    sessions: npt.NDArray[np.int32] | None
    texts: dict[int, str]
    n_late: int
    warnings: tuple[str, ...]
    users_by_number: npt.NDArray[np.int32]


class EventLog:
    """Takes rows table by table. position_of: item id → position in the catalogue."""

    def __init__(self, path: Path, position_of: Mapping[str, int], policy: Policy) -> None:
        self.users = Interner()
        self._path = path
        self._position_of = position_of
        self._screen = Screen(path, policy)
        self._sessions = Interner()
        self._columns = {name: array(np.dtype(dtype).char) for name, dtype in _DTYPES.items()}
        self._texts: dict[int, str] = {}

    def add(self, rows: EventRows) -> None:
        """Keep the usable rows of a table."""
        table = rows.table
        item = table["item_id"].looked_up(self._position_of, UNKNOWN)
        usable = self._screen.usable(table, [*_faults(rows), *rows.faults, _unknown_item(item)])
        kept = table.at(usable)
        columns: dict[str, npt.NDArray[np.generic]] = {
            "timestamp_s": rows.time_s[usable].astype(np.int64),
            "user": self.users.numbers(kept["user_id"]),
            "item": item[usable],
            "kind": rows.kind[usable],
        }
        if rows.amount is not None:
            columns["amount"] = rows.amount[usable]
        if "session_id" in kept:
            columns["session"] = self._sessions.numbers(kept["session_id"])
        self._keep_texts(kept)
        for name, column in columns.items():
            self._columns[name].frombytes(np.ascontiguousarray(column).data.cast("B"))

    def finish(self) -> Behaviour:
        """All rows in time order. Raises DataError for rows that are refused, and for no events."""
        warnings = self._screen.finish()
        columns = {name: np.frombuffer(column, _DTYPES[name]) for name, column in self._columns.items() if column}
        self._columns.clear()
        if not columns:
            raise DataError(f"{self._path}: no interactions. Next: give a file with one row an interaction")
        times_s = columns["timestamp_s"]
        n_late = int((times_s[1:] < times_s[:-1]).sum())
        if n_late:
            self._sort(columns)
        by_number = _by_first_appearance(columns["user"], len(self.users))
        _renumber(columns["user"], by_number)
        sessions = columns.pop("session", None)
        if "amount" in columns and np.isnan(columns["amount"]).all():
            del columns["amount"]
        user_ids = self._names_by_position(by_number)
        return Behaviour(user_ids, Events(**columns), sessions, self._texts, n_late, warnings, by_number)

    def _names_by_position(self, position: npt.NDArray[np.int32]) -> tuple[str, ...]:
        names, numbers = list(self.users), np.argsort(position)  # first those without a position
        return tuple(names[number] for number in numbers[position[numbers] != UNKNOWN].tolist())

    def _keep_texts(self, kept: Table) -> None:
        if "text" in kept:
            texts, low = kept["text"], len(self._columns["kind"])
            self._texts.update((low + int(row), texts[row]) for row in np.flatnonzero(~texts.blank).tolist())

    def _sort(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        order = TimeOrder(columns.pop("timestamp_s"))
        for name in columns:
            columns[name] = order.of(columns[name])
        if self._texts:
            places = order.places()
            self._texts = {int(places[row]): text for row, text in self._texts.items()}
        columns["timestamp_s"] = order.times()


def _faults(rows: EventRows) -> list[Fault]:
    table = rows.table
    unit_step = 'give seconds since 1970 or ISO 8601, or set timestamp_unit = "ms"'
    faults = [
        Fault(np.isnan(rows.time_s), "timestamp cannot be read", unit_step, "timestamp"),
        Fault(table["user_id"].blank, "no user id", "give every interaction one"),
    ]
    if "session_id" in table:
        step = 'give every interaction one, or leave the column unread with session_id = ""'
        faults.append(Fault(table["session_id"].blank, "no session id", step))
    return faults


def _unknown_item(item: npt.NDArray[np.int32]) -> Fault:
    return Fault(item == UNKNOWN, "interaction with an item that the catalogue lacks", "add the item", "item_id")


def _by_first_appearance(users: npt.NDArray[np.int32], n_numbers: int) -> npt.NDArray[np.int32]:
    """Number → position by first appearance among these, int32 [n_numbers]; UNKNOWN for those that do not."""
    position = np.full(n_numbers, UNKNOWN, np.int32)
    n_known = 0
    for low in range(0, len(users), AT_ONCE):
        numbers, first = np.unique(users[low : low + AT_ONCE], return_index=True)
        new = position[numbers] == UNKNOWN
        arrived = numbers[new][np.argsort(first[new])]
        position[arrived] = np.arange(n_known, n_known + len(arrived))
        n_known += len(arrived)
    return position


def _renumber(users: npt.NDArray[np.int32], position: npt.NDArray[np.int32]) -> None:
    """Put positions in place of numbers; all at once would take three times the memory of the column."""
    for low in range(0, len(users), AT_ONCE):
        part = slice(low, low + AT_ONCE)
        users[part] = position[users[part]]
