"""From rows to events, table by table, against the same done at once in plain Python."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.event_log import UNKNOWN, EventLog, EventRows
from recsys.data.tables import Column, Interner, Table, joined
from recsys.data.time_order import AT_ONCE, TimeOrder
from recsys.errors import DataError

PATH = Path("log.csv")
POSITIONS = {"a": 0, "b": 1, "c": 2}


def rows_of(rows, first_line=2):
    """rows: (time, user, item, kind, amount, session, text)."""
    time_s, users, items, kinds, amounts, sessions, texts = zip(*rows, strict=True)
    columns = {"user_id": users, "item_id": items, "session_id": sessions, "text": texts}
    table = Table(
        PATH,
        np.arange(first_line, first_line + len(rows)),
        {role: Column.of(cells) for role, cells in columns.items()},
    )
    return EventRows(table, np.array(time_s, np.float64), np.array(kinds, np.int8), np.array(amounts, np.float32))


ROWS = st.lists(
    st.tuples(
        st.integers(-(1 << 33) + 1, (1 << 33) - 1) | st.integers(0, 5),
        st.sampled_from(["u", "v", "w", "x"]),
        st.sampled_from(["a", "b", "c", "unknown"]),
        st.integers(0, 4),
        st.floats(0, 100, width=32),
        st.sampled_from(["s", "t"]),
        st.sampled_from(["", "words", "other words"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 40))
def test_tables_make_the_events_that_sorting_in_python_makes(rows, cut):
    log = EventLog(PATH, POSITIONS, "drop")
    for part in (rows[:cut], rows[cut:]):
        if part:
            log.add(rows_of(part))
    kept = sorted((row for row in rows if row[2] in POSITIONS), key=lambda row: row[0])
    if not kept:
        with pytest.raises(DataError, match="no interactions"):
            log.finish()
        return
    made = log.finish()
    users = list(dict.fromkeys(row[1] for row in kept))
    assert made.user_ids == tuple(users)
    assert made.events.timestamp_s.tolist() == [row[0] for row in kept]
    assert made.events.user.tolist() == [users.index(row[1]) for row in kept]
    assert made.events.item.tolist() == [POSITIONS[row[2]] for row in kept]
    assert made.events.kind.tolist() == [row[3] for row in kept]
    assert made.events.amount.tolist() == [row[4] for row in kept]
    assert made.texts == {place: row[6] for place, row in enumerate(kept) if row[6]}
    pairs = set(zip(made.sessions.tolist(), [row[5] for row in kept], strict=True))
    assert len(pairs) == len({row[5] for row in kept}), "equal where the names are"
    times = [row[0] for row in rows if row[2] in POSITIONS]
    assert made.n_late == sum(later < sooner for sooner, later in zip(times, times[1:], strict=False))
    columns = (made.events.timestamp_s, made.events.user, made.events.item, made.events.kind, made.events.amount)
    assert [column.dtype for column in columns] == [np.int64, np.int32, np.int32, np.int8, np.float32]


def test_somebody_without_a_usable_row_is_no_user():
    log = EventLog(PATH, POSITIONS, "drop")
    log.add(rows_of([(1, "gone", "unknown", 1, 0, "s", ""), (2, "u", "a", 1, 0, "s", "")]))
    made = log.finish()
    assert made.user_ids == ("u",)
    assert made.users_by_number.tolist() == [UNKNOWN, 0]
    assert made.warnings == (
        "log.csv: 1 of 2 rows left out, the first on line 2: interaction with an item that the catalogue lacks",
    )


def test_a_refused_row_is_counted_over_all_tables():
    log = EventLog(PATH, POSITIONS, "refuse")
    log.add(rows_of([(1, "u", "a", 1, 0, "s", "")]))
    log.add(rows_of([(1, "u", "z", 1, 0, "s", ""), (1, "u", "y", 1, 0, "s", "")], first_line=3))
    with pytest.raises(DataError, match=r'log\.csv:3: .*\(item_id "z"\); 2 of 3 rows'):
        log.finish()


def test_many_rows_are_sorted_stably_across_stretches():
    rng = np.random.default_rng(1)
    times_s = rng.integers(-50, 50, 3 * AT_ONCE + 7)
    rows = np.arange(len(times_s), dtype=np.int32)
    expected = np.argsort(times_s, kind="stable")
    order = TimeOrder(times_s.copy())
    assert (order.of(rows) == expected).all()
    assert (order.places()[expected] == rows).all()
    assert (order.times() == np.sort(times_s)).all()


def test_times_are_sorted_in_their_own_array():
    times_s = np.array([5, -(1 << 33), 1 << 33, 5])
    order = TimeOrder(times_s)
    assert order.of(np.array([0.0, 1.0, 2.0, 3.0])).tolist() == [1, 0, 3, 2]
    assert order.times() is times_s
    assert times_s.tolist() == [-(1 << 33), 5, 5, 1 << 33]
    assert len(TimeOrder(np.zeros(0, np.int64)).times()) == 0


def test_times_too_far_apart_are_refused_and_not_mixed_up():
    with pytest.raises(DataError, match="2 events are too many"):
        TimeOrder(np.array([0, 1 << 62]))


@given(parts=st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=4))
def test_columns_hold_each_string_once_and_join_to_their_rows(parts):
    columns = [Column.of(part) for part in parts]
    assert [list(column) for column in columns] == parts
    assert all(len(set(column.values)) == len(column.values) for column in columns)
    whole = joined(columns)
    assert list(whole) == [text for part in parts for text in part]
    assert [bool(blank) for blank in whole.blank] == [not text.strip() for text in whole]
    numbers = Interner()
    rows = [number for column in columns for number in numbers.numbers(column).tolist()]
    assert [list(numbers)[number] for number in rows] == list(whole)
