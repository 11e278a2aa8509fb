"""From the impressions of a log in MIND's format to events, and to what was shown."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.data.event_log import UNKNOWN, Behaviour, EventLog, EventRows
from recsys.data.impressions import Impressions
from recsys.data.screen import Fault, Policy, Screen
from recsys.data.tables import Column, Mask, Rows, Table
from recsys.errors import DataError
from recsys.types import EventKind, Positions

ROLES = ("", "user_id", "timestamp", "history", "shown")
"""The columns of the file; the number of an impression stays unread."""
TIME_FORMAT = "%m/%d/%Y %I:%M:%S %p"
LABELS = {"-0": 0, "-1": 1}
UNLABELLED = -1
Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Words:
    """The words of all cells of a column, end to end: tokens [n], and the row of each, int64 [n], rising."""

    tokens: Column
    rows: Rows

    @classmethod
    def of(cls, column: Column) -> _Words:
        """Split every cell at white space."""
        words = [value.split() for value in column.values]
        sizes = np.array([len(of_value) for of_value in words], np.int64)[column.codes]
        tokens = Column.of([word for code in column.codes.tolist() for word in words[code]])
        return cls(tokens, np.repeat(np.arange(len(column)), sizes))

    def of_rows(self, rows: Rows) -> _Words:
        """The words of these rows, rising, counted anew."""
        kept = np.flatnonzero(np.isin(self.rows, rows))
        return _Words(self.tokens.at(kept), np.searchsorted(rows, self.rows[kept]))

    def first(self, bad: Mask, n_rows: int) -> Column:
        """The first word of each row that is bad, "" where none is. bad: bool [n]."""
        found: dict[int, str] = {}
        for place in np.flatnonzero(bad).tolist():
            found.setdefault(int(self.rows[place]), self.tokens[place])
        return Column.of([found.get(row, "") for row in range(n_rows)])


class ImpressionLog:
    """Takes the impressions table by table, with the roles of ROLES. item_ids: of the catalogue, by position."""

    def __init__(self, path: Path, item_ids: Sequence[str], policy: Policy) -> None:
        self._path = path
        self._item_ids = tuple(item_ids)
        self._position_of = {item_id: place for place, item_id in enumerate(item_ids)}
        self._screen = Screen(path, policy)
        self._events = EventLog(path, self._position_of, "refuse")
        self._time_s, self._user, self._size = array("q"), array("i"), array("i")
        self._items, self._clicked = array("i"), array("b")
        self._histories: dict[str, tuple[float, Positions]] = {}

    def add(self, table: Table) -> None:
        """Keep the usable impressions of a table."""
        shown, history = _Words.of(table["shown"]), _Words.of(table["history"])
        time_s = table["timestamp"].map(_seconds, np.float64)
        usable = self._screen.usable(*self._faults(table, time_s, shown, history))
        kept, time_s = table.at(usable), time_s[usable]
        self._add_lists(kept, time_s, shown.of_rows(usable))
        self._remember(kept, time_s, history.of_rows(usable))

    def finish(self) -> tuple[Behaviour, Impressions, tuple[str, ...]]:
        """Events and impressions in time order, and what was left out. Raises DataError as `EventLog` does."""
        warnings = self._screen.finish()
        if not self._time_s:
            raise DataError(f"{self._path}: no impressions. Next: give a file with one row an impression")
        self._add_histories(min(self._time_s))
        behaviour = self._events.finish()
        user = behaviour.users_by_number[np.frombuffer(self._user, np.int32)]
        lists = Impressions(
            timestamp_s=np.frombuffer(self._time_s, np.int64),
            user=user,
            offsets=np.concatenate([[0], np.cumsum(np.frombuffer(self._size, np.int32), dtype=np.int64)]),
            items=np.frombuffer(self._items, np.int32),
            clicked=np.frombuffer(self._clicked, np.bool_),
        )
        known = np.flatnonzero(user != UNKNOWN)
        if n_unknown := len(lists) - len(known):
            warnings += (f"{self._path.name}: {n_unknown:,} impressions of users without an event left out",)
        return behaviour, lists.take(known[np.argsort(lists.timestamp_s[known], kind="stable")]), warnings

    def _candidates(self, tokens: Column) -> tuple[Positions, npt.NDArray[np.int8]]:
        """The item of each candidate, and its label: "N1-0" was shown, "N1-1" clicked as well."""
        item = self._positions(tokens.rewritten(lambda token: token[:-2] if token[-2:] in LABELS else token))
        return item, tokens.map(lambda token: LABELS.get(token[-2:], UNLABELLED), np.int8)

    def _positions(self, ids: Column) -> Positions:
        return ids.looked_up(self._position_of, UNKNOWN)

    def _faults(self, table: Table, time_s: Times, shown: _Words, history: _Words) -> tuple[Table, list[Fault]]:
        """The table with columns that name what is wrong, and the faults of its rows."""
        n = len(table)
        item, label = self._candidates(shown.tokens)
        named = table.having(
            unlabelled=shown.first(label == UNLABELLED, n),
            candidate=shown.first(item == UNKNOWN, n),
            clicked_before=history.first(self._positions(history.tokens) == UNKNOWN, n),
        )
        unknown, step = "news that the catalogue lacks", "add the news, or give the news.tsv that goes with the file"
        return named, [
            Fault(np.isnan(time_s), "time cannot be read", "write it as 11/15/2019 9:05:58 AM", "timestamp"),
            Fault(table["user_id"].blank, "no user id", "give every impression one"),
            Fault(table["shown"].blank, "impression without candidates", "give every impression some", "user_id"),
            Fault(
                ~named["unlabelled"].blank,
                "candidate without -0 or -1",
                "take the train or the dev files, which say what was clicked",
                "unlabelled",
            ),
            Fault(~named["candidate"].blank, f"{unknown}, as a candidate", step, "candidate"),
            Fault(~named["clicked_before"].blank, f"{unknown}, in a history", step, "clicked_before"),
        ]

    def _add_lists(self, table: Table, time_s: Times, shown: _Words) -> None:
        """What was shown, and the clicks as events."""
        item, label = self._candidates(shown.tokens)
        self._time_s.frombytes(time_s.astype(np.int64).tobytes())
        self._user.frombytes(self._events.users.numbers(table["user_id"]).tobytes())
        self._size.frombytes(np.bincount(shown.rows, minlength=len(table)).astype(np.int32).tobytes())
        self._items.frombytes(item.tobytes())
        self._clicked.frombytes(label.tobytes())
        clicked = label == LABELS["-1"]
        rows = shown.rows[clicked]
        self._add_events(table.lines[rows], table["user_id"].at(rows), time_s[rows], item[clicked])

    def _remember(self, table: Table, time_s: Times, history: _Words) -> None:
        """Keep the history of each user's earliest impression: what is clicked later stands in later ones."""
        positions = self._positions(history.tokens)
        ends = np.searchsorted(history.rows, np.arange(len(table) + 1)).tolist()
        for row, (user_id, now_s) in enumerate(zip(table["user_id"], time_s.tolist(), strict=True)):
            known_s = self._histories[user_id][0] if user_id in self._histories else math.inf
            if now_s < known_s and ends[row] < ends[row + 1]:
                self._histories[user_id] = now_s, positions[ends[row] : ends[row + 1]].copy()

    def _add_histories(self, first_s: int) -> None:
        """The histories as clicks, a second apart, so that each ends a second before the first impression of all."""
        sizes = np.array([len(items) for _, items in self._histories.values()], np.int64)
        items = np.concatenate([np.zeros(0, np.int32), *(items for _, items in self._histories.values())])
        rows = np.repeat(np.arange(len(sizes)), sizes)
        back_s = np.cumsum(sizes)[rows] - np.arange(len(items))
        users = Column(rows.astype(np.int32), tuple(self._histories))
        self._add_events(np.zeros(len(items), np.int64), users, (first_s - back_s).astype(np.float64), items)

    def _add_events(self, lines: npt.NDArray[np.int64], users: Column, time_s: Times, item: Positions) -> None:
        table = Table(self._path, lines, {"user_id": users, "item_id": Column(item, self._item_ids)})
        self._events.add(EventRows(table, time_s, np.full(len(item), EventKind.CLICK, np.int8)))


def _seconds(text: str) -> float:
    """Seconds since 1970 of a time without a zone, or nan."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return math.nan
