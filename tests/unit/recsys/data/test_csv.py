"""Reading csv data: what is good loads as written, what is bad is refused in one message a user can act on."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.loading import load_dataset
from recsys.errors import BadOptions, DataError, RecsysError
from recsys.types import EventKind

ITEMS = "item_id,title\na,Red kettle\nb,Blue teapot\nc,Green cup\n"
INTERACTIONS = "timestamp,user_id,item_id\n10,u1,a\n20,u2,b\n20,u1,c\n30,u1,a\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "items.csv").write_text(ITEMS, encoding="utf-8")
    (shop / "interactions.csv").write_text(INTERACTIONS, encoding="utf-8")
    return tmp_path


def load(folder: Path, **options: object):
    return load_dataset("csv", data_dirs=[folder], **{"path": "shop", **options})


def write(folder: Path, items: str = ITEMS, interactions: str = INTERACTIONS) -> None:
    (folder / "shop" / "items.csv").write_text(items, encoding="utf-8")
    (folder / "shop" / "interactions.csv").write_text(interactions, encoding="utf-8")


def refusal(folder: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        load(folder, **options)
    message = str(caught.value)
    assert "Next: " in message
    assert "\n" not in message
    return message


def test_reads_items_and_events(folder):
    dataset = load(folder)
    assert dataset.name == "shop"
    assert [(item.item_id, item.title, item.text, item.published_s) for item in dataset.items] == [
        ("a", "Red kettle", "", None),
        ("b", "Blue teapot", "", None),
        ("c", "Green cup", "", None),
    ]
    assert dataset.user_ids == ("u1", "u2")
    assert dataset.events.timestamp_s.tolist() == [10, 20, 20, 30]
    assert dataset.events.user.tolist() == [0, 1, 0, 0]
    assert dataset.events.item.tolist() == [0, 1, 2, 0]
    assert set(dataset.events.kind.tolist()) == {EventKind.CLICK}
    assert dataset.warnings == ()
    assert not dataset.simulated


def test_all_columns_under_other_names(folder):
    write(
        folder,
        'id;name;about;group;born\n"1";Kettle;"Boils; fast,\nand quietly";Kitchen;2020-01-02\n2;Cup;;;\n',
        "who;what;when;how\nx;2;2020-01-02T00:00:01Z;buy\ny;1;2020-01-02 01:00:01+01:00;look\nz;1;1577923202.9;other\n",
    )
    dataset = load(
        folder,
        delimiter=";",
        item_columns={"item_id": "id", "title": "name", "text": "about", "category": "group", "published": "born"},
        event_columns={"timestamp": "when", "user_id": "who", "item_id": "what", "event_kind": "how"},
        event_kinds={"buy": "purchase", "look": "browse"},
    )
    first, second = dataset.items
    assert (first.text, first.category, first.published_s) == ("Boils; fast,\nand quietly", "Kitchen", 1_577_923_200)
    assert (second.text, second.category, second.published_s) == ("", "", None)
    assert dataset.events.timestamp_s.tolist() == [1_577_923_201, 1_577_923_201, 1_577_923_202]
    assert dataset.events.kind.tolist() == [EventKind.PURCHASE, EventKind.BROWSE, EventKind.CLICK]
    assert dataset.warnings == ('1 events of kinds such as "other" taken as click: see event_kinds',)


def test_gzip_and_byte_order_mark(folder):
    (folder / "shop" / "interactions.csv").unlink()
    with gzip.open(folder / "shop" / "interactions.csv.gz", "wt", encoding="utf-8") as file:
        file.write(INTERACTIONS)
    (folder / "shop" / "items.csv").write_text("\ufeff" + ITEMS, encoding="utf-8")
    assert len(load(folder).events) == 4


def test_milliseconds(folder):
    write(folder, interactions="timestamp,user_id,item_id\n1577923201500,u1,a\n")
    assert "timestamp_unit" in refusal(folder)
    assert load(folder, timestamp_unit="ms").events.timestamp_s.tolist() == [1_577_923_201]


def test_absolute_path_needs_no_folder(folder):
    assert len(load_dataset("csv", data_dirs=[], path=str(folder / "shop")).events) == 4


def test_first_folder_that_has_it_wins(folder, tmp_path):
    assert len(load_dataset("csv", data_dirs=[tmp_path / "nowhere", folder], path="shop").items) == 3


def test_hash_is_of_the_content_alone(folder):
    before = load(folder).sha256
    assert load(folder, name="other", licence="mine").sha256 == before
    write(folder, interactions=INTERACTIONS.replace("30,u1,a", "31,u1,a"))
    changed_time = load(folder).sha256
    write(folder, items=ITEMS.replace("Red", "Rot"))
    assert len({before, changed_time, load(folder).sha256}) == 3


def test_unordered_events_are_sorted_stably_and_counted(folder):
    write(folder, interactions="timestamp,user_id,item_id\n20,u1,a\n20,u1,b\n10,u2,c\n20,u1,c\n")
    dataset = load(folder)
    assert dataset.events.timestamp_s.tolist() == [10, 20, 20, 20]
    assert dataset.events.item.tolist() == [2, 0, 1, 2]
    assert dataset.user_ids == ("u2", "u1")
    assert dataset.warnings == ("interactions.csv: 1 of 4 events were out of order; sorted by time",)


@pytest.mark.parametrize(
    ("items", "interactions", "row", "fault"),
    [
        ("item_id,title\na,Red\nb, \nc,\n", None, "items.csv:3", 'neither title nor text.*item_id "b".*2 of 3 rows'),
        ("item_id,title\na,Red\nb,Blue\na,Green\nc,X\n", None, "items.csv:4", 'earlier row.*item_id "a".*1 of 4 rows'),
        ("item_id,title\na,Red\n,Blue\nb,X\nc,Y\n", None, "items.csv:3", "no item id"),
        ("item_id,title,published\na,Red,2020-13-01\nb,B,\nc,C,5\n", None, "items.csv:2", 'published "2020-13-01"'),
        (None, "timestamp,user_id,item_id\n1,u,a\n2,u,zz\n", "interactions.csv:3", 'catalogue lacks.*"zz".*1 of 2'),
        (None, "timestamp,user_id,item_id\n1,u,a\nsoon,u,a\n", "interactions.csv:3", 'timestamp "soon".*1 of 2 rows'),
        (None, "timestamp,user_id,item_id\nnan,u,a\n1,u,a\n", "interactions.csv:2", 'timestamp "nan"'),
        (None, "timestamp,user_id,item_id\n1,u,a\n2,,a\n", "interactions.csv:3", "no user id"),
    ],
)  # fmt: skip
def test_invalid_rows_are_refused_by_name_or_left_out_by_count(folder, items, interactions, row, fault):
    write(folder, items or ITEMS, interactions or INTERACTIONS)
    with pytest.raises(DataError, match=fault) as caught:
        load(folder)
    assert row in str(caught.value)
    assert 'invalid_rows = "drop"' in str(caught.value)
    if items is None:
        dataset = load(folder, invalid_rows="drop")
        assert len(dataset.events) == 1
        assert [warning for warning in dataset.warnings if "1 of 2 rows left out" in warning]
        assert str(folder) not in " ".join(dataset.warnings)


def test_dropped_items_take_their_interactions_along(folder):
    write(folder, items="item_id,title\na,Red\nb,\nc,Green\na,Again\n")
    dataset = load(folder, invalid_rows="drop")
    assert [item.title for item in dataset.items] == ["Red", "Green"]
    assert dataset.events.item.tolist() == [0, 1, 0]
    assert len(dataset.warnings) == 3


def test_missing_file_names_where_it_looked_and_what_is_there(folder):
    message = refusal(folder, path="shopp")
    assert str(folder / "shopp" / "items.csv") in message
    assert 'did you mean "shop"' in message
    assert "--data-dir" in message
    assert "LLM_REC_BENCH_DATA" in message


def test_missing_column_names_the_known_ones(folder):
    write(folder, interactions="timestamp,user,item_id\n1,u,a\n")
    message = refusal(folder)
    assert 'no column "user_id" for user_id (did you mean "user"?)' in message
    assert "Known: timestamp, user, item_id" in message


def test_optional_column_that_is_named_must_be_there(folder):
    assert 'no column "genre" for category' in refusal(folder, item_columns={"category": "genre"})


@pytest.mark.parametrize("content", ["", "item_id,title\n", "\n\n"])
def test_empty_catalogue(folder, content):
    write(folder, items=content)
    assert "items.csv" in refusal(folder)


def test_no_interactions(folder):
    write(folder, interactions="timestamp,user_id,item_id\n")
    assert "no interactions" in refusal(folder)


def test_damaged_files(folder):
    write(folder, items="item_id,title\na,Red,more\n")
    assert "items.csv" in refusal(folder)
    (folder / "shop" / "items.csv").write_bytes(b"item_id,title\na,\xff\xfe\n")
    assert "UTF-8" in refusal(folder)
    packed = gzip.compress(INTERACTIONS.encode() * 50)
    (folder / "shop" / "items.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "shop" / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert "cut.csv.gz" in refusal(folder, interactions="cut.csv.gz")
    assert "shop" in refusal(folder, items=".")


def test_options_are_checked_before_any_file_is_read(tmp_path):
    with pytest.raises(BadOptions, match=r'unknown option "pfad".*Known options: .*path'):
        load_dataset("csv", data_dirs=[tmp_path], pfad="x")
    with pytest.raises(BadOptions, match=r'"item_columns.titel" \(did you mean "title"\?\)'):
        load_dataset("csv", data_dirs=[tmp_path], item_columns={"titel": "x"})
    with pytest.raises(BadOptions, match=r"event_kinds\.like"):
        load_dataset("csv", data_dirs=[tmp_path], event_kinds={"like": "adore"})


def test_long_and_foreign_text_survives(folder):
    title = "电影 🎬 \u202eright to left\u202c " + "long " * 20_000
    write(folder, items=f'item_id,title\na,"{title}"\nb,B\nc,C\n')
    assert load(folder).items[0].title == title


def test_loads_without_pandas(folder):
    code = (
        "import sys; from pathlib import Path; from recsys.data.loading import load_dataset; "
        f"load_dataset('csv', data_dirs=[Path({str(folder)!r})], path='shop'); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
)
@pytest.mark.parametrize("file", ["items.csv", "interactions.csv"])
def test_any_bytes_load_or_are_refused(folder, file, content):
    write(folder)
    header = b"item_id,title,published\n" if file == "items.csv" else b"timestamp,user_id,item_id\n1,u,a\n"
    (folder / "shop" / file).write_bytes(header + content)
    for invalid_rows in ("refuse", "drop"):
        try:
            dataset = load(folder, invalid_rows=invalid_rows)
        except RecsysError:
            continue
        assert (np.diff(dataset.events.timestamp_s) >= 0).all()
        assert (dataset.events.item < len(dataset.items)).all()
