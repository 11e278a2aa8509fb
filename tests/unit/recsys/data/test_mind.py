"""MIND's log: clicks, histories and what was shown, each at its time."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from data_samples import BEHAVIOURS, write_sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.loading import load_dataset
from recsys.errors import DataError
from recsys.types import EventKind

FIRST_S = int(datetime(2019, 11, 11, 9, 5, 57, tzinfo=UTC).timestamp())
NOON_S = int(datetime(2019, 11, 12, 12, 0, 0, tzinfo=UTC).timestamp())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sample("mind", tmp_path)
    return tmp_path


def load(folder: Path, **options: object):
    return load_dataset("mind", data_dirs=[folder], **options)


def log(folder: Path, text: str) -> None:
    (folder / "MINDsmall_train" / "behaviors.tsv").write_text(text, encoding="utf-8")


def test_news_have_section_and_abstract(folder):
    first, second, *_ = load(folder).items
    assert (first.item_id, first.title, first.text, first.category) == ("N1", "A putt", "It fell in.", "sports/golf")
    assert (second.title, second.text) == ('A "vote"', ""), "no quoting in this format"
    assert {item.published_s for item in load(folder).items} == {None}


def test_clicks_are_events_and_histories_lie_before_the_first_impression(folder):
    dataset = load(folder)
    events = [
        (dataset.user_ids[user], dataset.items[item].item_id, time_s - FIRST_S)
        for user, item, time_s in zip(
            dataset.events.user, dataset.events.item, dataset.events.timestamp_s.tolist(), strict=True
        )
    ]
    assert events == [
        ("U1", "N1", -2), ("U1", "N2", -1), ("U2", "N2", 0), ("U1", "N3", 1),
        ("U1", "N4", NOON_S - FIRST_S),
    ]  # fmt: skip
    assert set(dataset.events.kind.tolist()) == {EventKind.CLICK}
    assert dataset.warnings == ()


def test_the_history_of_the_earliest_impression_counts(folder):
    """The later one repeats what was clicked between the two."""
    lines = BEHAVIOURS.splitlines(keepends=True)
    log(folder, lines[2] + lines[0] + lines[1])
    assert load(folder).events.item.tolist() == [0, 1, 1, 2, 3]


def test_what_was_shown_is_kept_with_what_was_clicked(folder):
    shown = load(folder).impressions
    assert len(shown) == 3
    assert [(list_.items.tolist(), list_.clicked.tolist()) for list_ in map(shown.__getitem__, range(3))] == [
        ([0, 1, 2], [False, True, False]),
        ([2, 3], [True, False]),
        ([3, 1], [True, False]),
    ]
    assert shown.timestamp_s.tolist() == [FIRST_S, FIRST_S + 1, NOON_S]


def test_a_request_finds_its_impression_by_user_and_second(folder):
    dataset = load(folder)
    user = dataset.user_ids.index("U1")
    found = dataset.impressions.of_request(user, NOON_S)
    assert found.items.tolist() == [3, 1]
    assert found.items[found.clicked].tolist() == [3]
    assert dataset.impressions.of_request(user, NOON_S - 1) is None
    assert dataset.impressions.of_request(1 - user, NOON_S) is None
    click = np.flatnonzero(dataset.events.timestamp_s == NOON_S)[0]
    assert dataset.impressions.of_request(int(dataset.events.user[click]), NOON_S) is not None


def test_what_was_shown_is_part_of_the_identity(folder):
    before = load(folder).sha256
    log(folder, BEHAVIOURS.replace("N4-0", "N2-0"))
    assert load(folder).sha256 != before


def test_impressions_of_somebody_who_does_nothing_are_left_out(folder):
    log(folder, BEHAVIOURS + "4\tU3\t11/12/2019 1:00:00 PM\t\tN1-0 N2-0\n")
    dataset = load(folder)
    assert dataset.user_ids == ("U1", "U2")
    assert len(dataset.impressions) == 3
    assert dataset.warnings == ("behaviors.tsv: 1 impressions of users without an event left out",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("9\tU1\t2019-11-11 09:05\t\tN1-1", r'time cannot be read \(timestamp "2019-11-11 09:05"\)'),
        ("9\t\t11/11/2019 9:05:58 AM\t\tN1-1", "no user id"),
        ("9\tU1\t11/11/2019 9:05:58 AM\t\t", r'impression without candidates \(user_id "U1"\)'),
        ("9\tU1\t11/11/2019 9:05:58 AM\t\tN1-1 N2", r'candidate without -0 or -1 \(unlabelled "N2"\)'),
        ("9\tU1\t11/11/2019 9:05:58 AM\t\tN1-1 N9-0 N8-0", r'as a candidate \(candidate "N9-0"\)'),
        ("9\tU1\t11/11/2019 9:05:58 AM\tN1 N7\tN1-1", r'in a history \(clicked_before "N7"\)'),
        ("9\tU1\t11/11/2019 9:05:58 AM N1-1", r'line that cannot be read \(damaged "9\tU1\t.*"\)'),
    ],
)
def test_an_invalid_impression_is_named_or_left_out(folder, line, message):
    log(folder, f"{BEHAVIOURS}{line}\n")
    with pytest.raises(DataError, match=rf"behaviors\.tsv:4: .*{message}; 1 of 4 rows") as caught:
        load(folder)
    assert 'invalid_rows = "drop"' in str(caught.value)
    dataset = load(folder, invalid_rows="drop")
    assert len(dataset.impressions) == 3
    assert dataset.warnings[0].startswith("behaviors.tsv: 1 of 4 rows left out, the first on line 4: ")


def test_no_impressions(folder):
    log(folder, "")
    with pytest.raises(DataError, match="no impressions"):
        load(folder)


def test_gzip_and_windows_line_ends(folder):
    before = load(folder).sha256
    path = folder / "MINDsmall_train" / "behaviors.tsv"
    path.unlink()
    with gzip.open(f"{path}.gz", "wb") as file:
        file.write(BEHAVIOURS.replace("\n", "\r\n").encode())
    assert load(folder).sha256 == before


MOMENTS = st.datetimes(datetime(2019, 11, 9), datetime(2019, 11, 14)).map(lambda moment: moment.replace(microsecond=0))
LISTS = st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=6)
IMPRESSIONS = st.lists(st.tuples(st.integers(1, 3), MOMENTS, LISTS), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(impressions=IMPRESSIONS)
def test_every_list_is_kept_as_it_was_shown(folder, impressions):
    """Users click something first, so that none is left out."""
    lines = [
        f"0\tU{user}\t{moment:%m/%d/%Y %I:%M:%S %p}\tN1\t{' '.join(f'N{item}-{int(hit)}' for item, hit in shown)}"
        for user, moment, shown in impressions
    ]
    log(folder, "\n".join(lines))
    dataset = load(folder)
    kept = [
        (dataset.user_ids[user], time_s, list(zip(list_.items.tolist(), list_.clicked.tolist(), strict=True)))
        for user, time_s, list_ in zip(
            dataset.impressions.user,
            dataset.impressions.timestamp_s.tolist(),
            map(dataset.impressions.__getitem__, range(len(impressions))),
            strict=True,
        )
    ]
    in_order = sorted(impressions, key=lambda row: row[1])
    assert kept == [
        (f"U{user}", int(moment.replace(tzinfo=UTC).timestamp()), [(item - 1, hit) for item, hit in shown])
        for user, moment, shown in in_order
    ]
    n_clicks = sum(hit for *_, shown in impressions for _, hit in shown)
    assert len(dataset.events) == n_clicks + len({user for user, *_ in impressions})
