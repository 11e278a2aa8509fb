"""UCSD's JSON lines: both years say the same of the same purchases, and what is wrong is counted and named."""

import gzip
import json
from pathlib import Path

import pytest
from data_samples import write_sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.loading import load_dataset
from recsys.errors import DataError
from recsys.types import EventKind

META_2018 = [
    {"asin": "B1", "title": "Kettle", "category": ["Home", "Kitchen"], "brand": "Heat",
     "description": ["Red.", "Fast."], "price": "$5.99"},
    {"asin": "B2", "title": "Cup", "category": [], "description": [], "price": ""},
]  # fmt: skip
REVIEWS_2018 = [
    {"reviewerID": "U1", "asin": "B1", "overall": 5.0, "unixReviewTime": 20, "reviewText": "Boils.", "summary": "Good"},
    {"reviewerID": "U2", "asin": "B1", "overall": 2.0, "unixReviewTime": 10, "reviewText": "Leaks.", "summary": "Bad"},
    {"reviewerID": "U1", "asin": "B2", "overall": 4.0, "unixReviewTime": 30},
]
META_2023 = [
    {"parent_asin": "B1", "title": "Kettle", "categories": ["Home", "Kitchen"], "features": ["Heat"],
     "description": ["Red.", "Fast."], "price": 5.99, "main_category": "Home"},
    {"parent_asin": "B2", "title": "Cup", "categories": [], "features": [], "description": [], "price": None},
]  # fmt: skip
REVIEWS_2023 = [
    {"user_id": "U1", "parent_asin": "B1", "asin": "B1-red", "rating": 5.0, "timestamp": 20_500, "title": "Good",
     "text": "Boils."},
    {"user_id": "U2", "parent_asin": "B1", "asin": "B1-blue", "rating": 2.0, "timestamp": 10_000, "title": "Bad",
     "text": "Leaks."},
    {"user_id": "U1", "asin": "B2", "rating": 4.0, "timestamp": 30_999, "title": "", "text": ""},
]  # fmt: skip
FILES = {"items": "meta_Home.jsonl", "interactions": "Home.jsonl"}


def write(folder: Path, meta, reviews, pack=False) -> None:
    """JSON lines, or whatever text stands in place of an object."""
    (folder / "shop").mkdir(exist_ok=True)
    for name, records in zip(FILES.values(), (meta, reviews), strict=True):
        lines = "".join(f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records)
        path = folder / "shop" / (f"{name}.gz" if pack else name)
        path.write_bytes(gzip.compress(lines.encode()) if pack else lines.encode())


def load(folder: Path, year: str, **options: object):
    return load_dataset("amazon", data_dirs=[folder], path="shop", format=f"jsonl-{year}", **FILES, **options)


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize(
    ("year", "meta", "reviews"), [("2018", META_2018, REVIEWS_2018), ("2023", META_2023, REVIEWS_2023)]
)
def test_both_years_hold_the_same(tmp_path, year, meta, reviews, pack):
    write(tmp_path, meta, reviews, pack)
    dataset = load(tmp_path, year)
    kettle, cup = dataset.items
    assert (kettle.item_id, kettle.title, kettle.category) == ("B1", "Kettle", "Home/Kitchen")
    assert kettle.text == "Heat. Red. Fast."
    assert (cup.title, cup.text, cup.category, cup.published_s) == ("Cup", "", "", None)
    assert dataset.user_ids == ("U2", "U1")
    assert dataset.events.timestamp_s.tolist() == [10, 20, 30]
    assert dataset.events.item.tolist() == [0, 0, 1]
    assert set(dataset.events.kind.tolist()) == {EventKind.PURCHASE}
    assert dataset.events.amount is None
    assert dataset.texts == {}
    assert dataset.name == "shop"


def test_stars_are_read_where_they_are_asked_for(tmp_path):
    write(tmp_path, META_2018, REVIEWS_2018)
    dataset = load(tmp_path, "2018", default_event_kind="rating", positive_from=4)
    assert dataset.events.kind.tolist() == [EventKind.DISLIKE, EventKind.RATING, EventKind.RATING]
    assert dataset.events.amount.tolist() == pytest.approx([0.4, 1.0, 0.8])


@pytest.mark.parametrize(
    ("year", "meta", "reviews"), [("2018", META_2018, REVIEWS_2018), ("2023", META_2023, REVIEWS_2023)]
)
def test_reviews_are_the_users_own_words(tmp_path, year, meta, reviews):
    write(tmp_path, meta, reviews)
    assert load(tmp_path, year, keep_texts=True).texts == {0: "Bad. Leaks.", 1: "Good. Boils."}


def test_faulty_lines_are_counted_named_and_left_out(tmp_path):
    meta = [
        "{broken", '["a list"]', *META_2018, {"asin": "B1", "title": "Again"}, {"title": "Nameless"},
        {"asin": "B3", "title": "var aPageStart = (new Date()).getTime();"}, "",
    ]  # fmt: skip
    reviews = [*REVIEWS_2018, {"asin": "B1"}, "nothing", {"reviewerID": "U1", "asin": "B7", "unixReviewTime": 1}]
    write(tmp_path, meta, reviews)
    dataset = load(tmp_path, "2018")
    assert [item.item_id for item in dataset.items] == ["B1", "B2"]
    assert len(dataset.events) == 3
    assert dataset.warnings == (
        "meta_Home.jsonl: 2 of 7 rows left out, the first on line 1: line that cannot be read",
        "meta_Home.jsonl: 1 of 7 rows left out, the first on line 6: no item id",
        "meta_Home.jsonl: 1 of 7 rows left out, the first on line 7: "
        "neither title nor text, so nothing to recommend by",
        "meta_Home.jsonl: 1 of 7 rows left out, the first on line 5: item id of an earlier row",
        "Home.jsonl: 1 of 6 rows left out, the first on line 5: line that cannot be read",
        "Home.jsonl: 1 of 6 rows left out, the first on line 4: timestamp cannot be read",
        "Home.jsonl: 1 of 6 rows left out, the first on line 6: interaction with an item that the catalogue lacks",
        "Home.jsonl: 1 of 3 events were out of order; sorted by time",
    )
    with pytest.raises(DataError, match=r'meta_Home\.jsonl:1: line that cannot be read \(damaged "\{broken"\); 2 of 7'):
        load(tmp_path, "2018", invalid_rows="refuse")


def test_a_damaged_archive_is_refused(tmp_path):
    write(tmp_path, META_2018, REVIEWS_2018 * 50, pack=True)
    path = tmp_path / "shop" / "Home.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"Home\.jsonl\.gz: cannot be read: .*Next: "):
        load(tmp_path, "2018")
    path.write_bytes(b"no gzip at all")
    with pytest.raises(DataError, match=r"Home\.jsonl\.gz: cannot be read"):
        load(tmp_path, "2018")


def test_the_csv_folder_reads_as_before(tmp_path):
    write_sample("amazon", tmp_path)
    dataset = load_dataset("amazon", data_dirs=[tmp_path])
    assert dataset.name == "amazon-games"
    assert set(dataset.events.kind.tolist()) == {EventKind.PURCHASE}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["asin", "title", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = ["asin", "title", "description", "category", "brand", "reviewerID", "unixReviewTime", "overall", "reviewText"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(st.dictionaries(st.sampled_from(KEYS), ANY_JSON, max_size=9), max_size=4),
    text=st.text(max_size=20),
)
def test_whatever_stands_in_a_line_it_is_read_or_left_out(tmp_path, records, text):
    write(tmp_path, [*META_2018, *records], [*REVIEWS_2018, *records, text.replace("\n", "")])
    dataset = load(tmp_path, "2018", keep_texts=True, default_event_kind="rating")
    assert len(dataset.events) >= 3
    assert len(dataset.sha256) == 64
    assert all(user_id.encode() for user_id in dataset.user_ids)
