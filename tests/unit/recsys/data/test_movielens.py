"""MovieLens in its two formats: stars become wants and dislikes, and the year in a title a date."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from data_samples import MOVIES, RATINGS, write_sample

from recsys.data.loading import DATA_DIR_VARIABLE, load_dataset
from recsys.errors import BadOptions, DataError
from recsys.types import EventKind

NEW_YEAR_1995 = int(datetime(1995, 1, 1, tzinfo=UTC).timestamp())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sample("movielens", tmp_path)
    return tmp_path


def load(folder: Path, **options: object):
    return load_dataset("movielens", data_dirs=[folder], **options)


def test_a_film_has_its_genres_as_category_and_as_words(folder):
    first, second, third, _ = load(folder).items
    assert (first.item_id, first.title) == ("1", "Toy Story (1995)")
    assert (first.category, first.text) == ("Adventure|Animation|Comedy", "Adventure, Animation, Comedy")
    assert second.title == "American President, The (1995)"
    assert (third.title, third.category, third.text) == ("Babylon 5", "", "")


def test_it_is_published_when_its_year_begins_or_when_it_is_first_rated(folder):
    dataset = load(folder)
    assert [item.published_s for item in dataset.items] == [NEW_YEAR_1995, NEW_YEAR_1995, None, 964982000]


def test_good_ratings_are_wanted_and_bad_ones_disliked(folder):
    dataset = load(folder)
    assert dataset.events.timestamp_s.tolist() == [964981247, 964982000, 964982703, 964990000]
    assert [EventKind(kind).name for kind in dataset.events.kind] == ["DISLIKE", "RATING", "RATING", "DISLIKE"]
    assert dataset.events.amount.tolist() == pytest.approx([0.7, 1.0, 0.8, 0.1])
    assert dataset.events.wanted.tolist() == [3, 0]
    assert dataset.user_ids == ("1", "2")
    assert dataset.warnings == ()


def test_the_threshold_is_an_option(folder):
    assert (load(folder, positive_from=3.5).events.kind == EventKind.RATING).sum() == 3
    assert (load(folder, positive_from=0).events.kind == EventKind.RATING).all()
    with pytest.raises(BadOptions, match="positive_from"):
        load(folder, positive_from=6)


def test_both_formats_hold_the_same(folder):
    old = folder / "ml-1m"
    old.mkdir()
    titles = ["Toy Story (1995)", "American President, The (1995)", "Babylon 5", "Rated too soon (2020)"]
    genres = ["Adventure|Animation|Comedy", "Comedy|Drama|Romance", "(no genres listed)", "Drama"]
    ids = ["1", "3", "7", "9"]
    films = "\n".join("::".join(row) for row in zip(ids, titles, genres, strict=True))
    (old / "movies.dat").write_text(films, encoding="latin-1")
    (old / "ratings.dat").write_text(RATINGS.split("\n", 1)[1].replace(",", "::"), encoding="latin-1")
    assert load(folder, path="ml-1m", format="dat").sha256 == load(folder).sha256


def test_dat_is_latin_1_and_knows_colons_in_titles(folder):
    (folder / "ml-1m").mkdir()
    text = "1::Star Wars: Episode IV (1977)::Sci-Fi\n2::Misérables, Les (1995)::Drama\n"
    (folder / "ml-1m" / "movies.dat").write_bytes(text.encode("latin-1"))
    (folder / "ml-1m" / "ratings.dat").write_text("5::2::4::978300760\n")
    first, second = load(folder, path="ml-1m", format="dat").items
    assert (first.title, first.category) == ("Star Wars: Episode IV (1977)", "Sci-Fi")
    assert second.title == "Misérables, Les (1995)"


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ("1,1,good,964982703", r'ratings\.csv:2: rating cannot be read \(rating "good"\); 1 of 1 rows'),
        ("1,1,,964982703", r'ratings\.csv:2: rating without a mark \(item_id "1"\)'),
        ("1,1,5.5,964982703", r"ratings\.csv:2: rating above the best mark, 5 "),
        ("1,1,-1,964982703", r"rating cannot be read"),
        ("1,1,4,964982703\n1,8,4,964982704", r'ratings\.csv:3: .*catalogue lacks \(item_id "8"\); 1 of 2 rows'),
        ("1,1,4,soon", r'ratings\.csv:2: timestamp cannot be read \(timestamp "soon"\)'),
    ],
)
def test_invalid_ratings_are_refused_by_name(folder, ratings, message):
    path = folder / "ml-latest-small" / "ratings.csv"
    path.write_text(f"userId,movieId,rating,timestamp\n{ratings}\n", encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        load(folder)
    assert "Next: " in str(caught.value)


def test_a_line_of_dat_with_too_few_fields_is_named(folder):
    (folder / "ml-1m").mkdir()
    (folder / "ml-1m" / "movies.dat").write_text("1::Toy Story (1995)::Comedy\n2:Jumanji (1995):Fantasy\n")
    with pytest.raises(DataError, match=r'movies\.dat:2: line that cannot be read \(damaged "2:Jumanji'):
        load(folder, path="ml-1m", format="dat")


def test_a_missing_column_is_named(folder):
    (folder / "ml-latest-small" / "movies.csv").write_text(MOVIES.replace("genres", "genre"), encoding="utf-8")
    with pytest.raises(DataError, match=r'movies\.csv: no column "genres" for category \(did you mean "genre"'):
        load(folder)


def test_the_real_one():
    """GroupLens: 100,836 ratings of 9,742 movies by 610 users."""
    folder = os.environ.get(DATA_DIR_VARIABLE)
    if folder is None or not (Path(folder) / "ml-latest-small").is_dir():
        pytest.skip(f"ml-latest-small not found: set {DATA_DIR_VARIABLE} to the folder that holds it")
    dataset = load(Path(folder))
    assert (len(dataset.events), len(dataset.items), len(dataset.user_ids)) == (100_836, 9_742, 610)
    assert dataset.warnings == ()
    liked = dataset.events.kind == EventKind.RATING
    assert liked.sum() == 48_580, "48.2 % have four stars or more"
    assert (dataset.events.amount[liked] >= np.float32(0.8)).all()
    toys = dataset.items[0]
    assert (toys.title, toys.published_s) == ("Toy Story (1995)", NEW_YEAR_1995)
    assert toys.category == "Adventure|Animation|Children|Comedy|Fantasy"
    undated = [item.title for item in dataset.items if item.published_s is None]
    assert len(undated) == 12
    assert "Babylon 5" in undated
