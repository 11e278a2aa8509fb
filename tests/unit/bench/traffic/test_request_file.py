"""Requests in files: what is written replays to the last byte; what cannot be served is refused by row and value."""

import csv
import dataclasses
import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_data import dataset_of, make_dataset, make_items

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.traffic.replayed import replayed_requests, rows_of
from bench.traffic.request_file import COLUMNS, FORMATS, format_of
from bench.traffic.requests import draw_trace
from recsys.errors import DataError
from recsys.types import EventKind, Request, RequestKind

DATASET = dataset_of([(10, 0, 0), (20, 1, 1), (30, 0, 2)])
"""Users u0 … u2, items i0 … i4."""
HEADER = ",".join(COLUMNS) + "\n"
ONE_OF_EACH = (
    HEADER
    + '100,recommend,u0,"red, ""blue""\r\nkettle",,\n'
    + "100,ingest,,,i3,\n"
    + "1970-01-01T00:01:50+00:00,feedback,u2,,i4,purchase\n"
    + "110.9,feedback,u1,,i0,\n"
)
EXPECTED = [
    Request(0, RequestKind.RECOMMEND, 0, 100, query='red, "blue"\r\nkettle'),
    Request(1, RequestKind.INGEST, -1, 100, 3),
    Request(2, RequestKind.FEEDBACK, 2, 110, 4, EventKind.PURCHASE),
    Request(3, RequestKind.FEEDBACK, 1, 110, 0, EventKind.CLICK),
]
NAMES = st.text(min_size=1, max_size=8)
WORDS = st.text(max_size=20)


def scenario(**requests):
    return Scenario.model_validate(
        {
            "name": "trace",
            "question": "?",
            "data": {"kind": "embedded", "train_share": 0.5},
            "requests": requests,
            "load": [{"kind": "offline", "requests": 1}],
            "arm": [{"name": "a", "encoder": {"kind": "tfidf"}, "placement": "none"}],
        }
    )


def written(folder, text, name="requests.csv"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(path, wanted=4, t0_s=0):
    return replayed_requests(path, DATASET, wanted, t0_s)


def refusal(folder, *rows, wanted=1, t0_s=0):
    path = written(folder, HEADER + "\n".join(rows) + "\n")
    with pytest.raises(ConfigError) as caught:
        read(path, wanted, t0_s)
    assert str(path) in str(caught.value)
    assert "Next: " in str(caught.value)
    return str(caught.value)


def test_a_row_of_each_kind_in_csv(tmp_path):
    assert list(read(written(tmp_path, ONE_OF_EACH)).requests(0, 4)) == EXPECTED
    assert list(read(written(tmp_path, "\ufeff" + ONE_OF_EACH)).requests(0, 4)) == EXPECTED
    packed = gzip.compress(ONE_OF_EACH.encode())
    assert list(read(written(tmp_path, packed, "requests.csv.gz")).requests(0, 4)) == EXPECTED


def test_columns_stand_in_any_order_others_are_left_alone_and_the_event_kind_may_be_missing(tmp_path):
    text = "session,item_id,query,user_id,request_kind,timestamp\n7,i2,,u1,feedback,50\n\n7,,tea,u0,recommend,60\n"
    assert list(read(written(tmp_path, text), 2).requests(0, 2)) == [
        Request(0, RequestKind.FEEDBACK, 1, 50, 2, EventKind.CLICK),
        Request(1, RequestKind.RECOMMEND, 0, 60, query="tea"),
    ]


def test_parquet_as_other_programs_write_it(tmp_path):
    """Times as timestamps of several units, words as categories, blanks as nulls, numbers as user ids."""
    frame = pd.DataFrame(
        {
            "timestamp": pd.to_datetime([100, 100, 110, 110.9], unit="s"),
            "request_kind": pd.Categorical(["recommend", "ingest", "feedback", "feedback"]),
            "user_id": ["u0", None, "u2", "u1"],
            "query": [EXPECTED[0].query, None, None, ""],
            "item_id": [None, "i3", "i4", "i0"],
            "event_kind": [None, None, "purchase", None],
        }
    )
    for name, times in (
        ("ns", frame["timestamp"]),
        ("zoned", frame["timestamp"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")),
        ("text", ["100", "100", "1970-01-01T00:01:50", "110.9"]),
        ("number", [100, 100, 110, 110]),
    ):
        frame.assign(timestamp=times).to_parquet(tmp_path / f"{name}.parquet")
        assert list(read(tmp_path / f"{name}.parquet").requests(0, 4)) == EXPECTED, name
    numbered = dataclasses.replace(DATASET, user_ids=("7", "8", "9"))
    pd.DataFrame(
        {"timestamp": [1], "request_kind": ["recommend"], "user_id": [8], "query": [None], "item_id": [None]}
    ).to_parquet(tmp_path / "numbers.parquet")
    assert replayed_requests(tmp_path / "numbers.parquet", numbered, 1, 0).user.tolist() == [1]


def test_a_longer_file_is_read_as_far_as_it_is_needed(tmp_path):
    path = written(tmp_path, ONE_OF_EACH + "1,nonsense,,,,\n")
    assert len(read(path, 4)) == 4
    assert len(read(path, 2)) == 2


def test_too_few_rows_are_told_with_both_numbers(tmp_path):
    with pytest.raises(ConfigError, match=r"has 4 requests, but the scenario wants 5\. Next: lower load"):
        read(written(tmp_path, ONE_OF_EACH), 5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("100,recommend,u00,,,", 'row 2: user_id "u00" is unknown (did you mean "u0"?). Known: u0, u1, u2. Next: mend'),
        ("100,feedback,u0,,i44,", 'row 2: item_id "i44" is unknown (did you mean "i4"?). Known: i0, i1, i2, i3, i4'),
        ("100,recomend,u0,,,", 'row 2: request_kind "recomend" is unknown (did you mean "recommend"?). Known: recomm'),
        ("100,,u0,,,", 'row 2: request_kind "" is unknown. Known: recommend, feedback, ingest'),
        ("100,feedback,u0,,i1,buy", 'row 2: event_kind "buy" is unknown. Known: browse, click, purchase'),
        ("100,recommend,,,,", "row 2: recommend without user_id"),
        ("100,feedback,u0,,,", "row 2: feedback without item_id"),
        ("100,feedback,,,i1,", "row 2: feedback without user_id"),
        ("100,ingest,,,,", "row 2: ingest without item_id"),
        ("100,recommend,u0,,i1,", 'row 2: item_id "i1" has no meaning for recommend. Next: leave the cell'),
        ("100,recommend,u0,,,click", 'row 2: event_kind "click" has no meaning for recommend'),
        ("100,ingest,u0,,i1,", 'row 2: user_id "u0" has no meaning for ingest'),
        ("100,feedback,u0,tea,i1,", 'row 2: query "tea" has no meaning for feedback'),
        ("soon,recommend,u0,,,", 'row 2: timestamp "soon" cannot be read. Next: give seconds since 1970 or ISO 8601'),
        ("1700000000000,recommend,u0,,,", 'row 2: timestamp "1700000000000" cannot be read'),
        (",recommend,u0,,,", 'row 2: timestamp "" cannot be read'),
        ("89,recommend,u0,,,", 'row 2: timestamp "89" is earlier than that of the row above, 90 s. Next: sort'),
    ],
)
def test_a_row_that_cannot_be_served_is_named_with_its_value(tmp_path, row, said):
    assert said in refusal(tmp_path, "90,recommend,u0,,,", row, wanted=2)


def test_requests_before_t0_are_refused_since_what_is_fitted_would_know_the_future(tmp_path):
    assert 'row 2: timestamp "95" lies before t0 = 96 s' not in refusal(tmp_path, "95,recommend,u0,,,", t0_s=96)
    assert 'row 1: timestamp "95" lies before t0 = 96 s' in refusal(tmp_path, "95,recommend,u0,,,", t0_s=96)
    assert len(read(written(tmp_path, HEADER + "96,recommend,u0,,,\n"), 1, t0_s=96)) == 1


def test_of_many_known_users_the_message_tells_the_number(tmp_path):
    dataset = make_dataset(n_users=1_200)
    path = written(tmp_path, HEADER + f"100,recommend,{'x' * 500},,,\n")
    with pytest.raises(ConfigError, match=r"row 1.*the 1,200 of data small") as caught:
        replayed_requests(path, dataset, 1, 0)
    assert len(str(caught.value)) < 400, "a long value is cut"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", 'no column "timestamp"'),
        ("a.csv", "time,request_kind,user_id,query,item_id\n", '(did you mean "time"?). There: time, request_kind'),
        ("a.csv", "timestamp,request_kind,user_id,item_id\n", 'no column "query"'),
        ("a.csv", HEADER + "100,recommend,u0,,\n", "line 2 has 5 cells, but the header has 6"),
        ("a.csv", HEADER + '100,recommend,u0,"no end\n', "cannot be read as csv"),
        ("a.csv", HEADER.encode() + b"100,recommend,u0,\xff\xfe,,\n", "cannot be read as csv"),
        ("a.csv.gz", ONE_OF_EACH, "cannot be read as csv"),
        ("a.csv.gz", gzip.compress(ONE_OF_EACH.encode() * 9)[:-30], "cannot be read as csv"),
        ("a.parquet", ONE_OF_EACH, "cannot be read as Parquet"),
        ("a.xlsx", ONE_OF_EACH, "unknown format. Known: .csv, .csv.gz, .parquet"),
        ("a.parquets", ONE_OF_EACH, 'unknown format (did you mean ".parquet"?)'),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, name, content, said):
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path, content, name), 36)
    assert said in str(caught.value)
    assert "Next: " in str(caught.value)


def test_parquet_with_columns_of_no_text(tmp_path):
    columns = {name: ["x"] for name in COLUMNS} | {"user_id": [["u0"]]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(ConfigError, match="cannot be read as Parquet"):
        read(tmp_path / "a.parquet", 1)


def test_the_file_is_looked_up_where_data_sets_are(tmp_path):
    written(tmp_path, ONE_OF_EACH)
    replay = scenario(kind="file", path="requests.csv", feedback_share=0.9)
    trace = draw_trace(replay, DATASET, 4, [tmp_path / "nowhere", tmp_path])
    assert list(trace.requests(0, 4)) == EXPECTED, "the keys for drawing are not used"
    with pytest.raises(DataError, match=r"requests\.csv.*not found.*--data-dir"):
        draw_trace(replay, DATASET, 4, [tmp_path / "nowhere"])


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("repeat", ["none", "zipf"])
def test_a_drawn_trace_replays_to_the_last_byte(tmp_path, suffix, repeat):
    dataset = make_dataset()
    shares = {"feedback_share": 0.2, "ingest_share": 0.1, "repeat": repeat}
    drawn = draw_trace(scenario(**shares), dataset, 150, ())
    assert min(drawn.counts().values()) > 0
    form = format_of(tmp_path / f"one{suffix}")
    form.write(tmp_path / f"one{suffix}", rows_of(drawn))
    again = draw_trace(scenario(kind="file", path=f"one{suffix}"), dataset, 150, [tmp_path])
    assert again.sha256 == drawn.sha256
    assert list(again.requests(0, 150)) == list(drawn.requests(0, 150))
    form.write(tmp_path / f"two{suffix}", rows_of(again))
    assert (tmp_path / f"two{suffix}").read_bytes() == (tmp_path / f"one{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    users=st.lists(NAMES, min_size=3, max_size=3, unique=True),
    item_ids=st.lists(NAMES, min_size=5, max_size=5, unique=True),
    queries=st.dictionaries(st.integers(0, 29), WORDS.filter(bool), max_size=30),
    seed=st.integers(0, 1_000),
)
def test_any_names_and_words_survive(tmp_path, suffix, users, item_ids, queries, seed):
    items = [dataclasses.replace(item, item_id=item_id) for item, item_id in zip(make_items(5), item_ids, strict=True)]
    dataset = dataclasses.replace(make_dataset(5, 3, 200, seed), user_ids=tuple(users), items=tuple(items))
    drawn = draw_trace(scenario(feedback_share=0.2, ingest_share=0.2), dataset, 30, ())
    asking = set(np.flatnonzero(drawn.kind == RequestKind.RECOMMEND).tolist())
    drawn = dataclasses.replace(drawn, queries={row: words for row, words in queries.items() if row in asking})
    form, one, two = FORMATS[suffix], tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    form.write(one, rows_of(drawn))
    again = replayed_requests(one, dataset, 30, 0)
    assert again.sha256 == drawn.sha256
    form.write(two, rows_of(again))
    assert two.read_bytes() == one.read_bytes()


def test_what_is_written_is_plain_csv(tmp_path):
    trace = read(written(tmp_path, ONE_OF_EACH))
    FORMATS[".csv"].write(tmp_path / "out.csv", rows_of(trace))
    with (tmp_path / "out.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["timestamp"] for row in rows] == ["100", "100", "110", "110"]
    assert [row["event_kind"] for row in rows] == ["", "", "purchase", "click"]
    assert rows[0]["query"] == EXPECTED[0].query
    assert (rows[1]["user_id"], rows[1]["item_id"]) == ("", "i3")


@pytest.mark.parametrize("suffix", FORMATS)
def test_reading_loads_neither_pandas_nor_more_than_the_format_needs(tmp_path, suffix):
    FORMATS[suffix].write(tmp_path / f"a{suffix}", rows_of(read(written(tmp_path, ONE_OF_EACH))))
    code = (
        "import sys; sys.modules['pandas'] = None; from pathlib import Path; "
        "from bench.traffic.request_file import format_of; "
        f"path = Path({str(tmp_path / f'a{suffix}')!r}); assert len(list(format_of(path).read(path))) == 4; "
        f"sys.exit('pyarrow' in sys.modules and {suffix!r} != '.parquet')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
