"""Vectors beside the texts of a data set: every form of file, and what is refused."""

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from small_data import write_csv

from recsys.data.loading import check_options, load_dataset
from recsys.errors import BadOptions, DataError

N_ITEMS = 30
ROWS = np.random.default_rng(1).standard_normal((N_ITEMS, 4)).astype(np.float32) * 3


@pytest.fixture
def folder(tmp_path):
    write_csv(tmp_path)
    return tmp_path


def load(folder, **arrays):
    return load_dataset("csv", data_dirs=[folder], arrays=arrays)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_npy_has_one_row_an_item_in_their_order(folder):
    np.save(folder / "image.npy", ROWS)
    assert load(folder, image="image.npy").arrays["image"] == pytest.approx(unit(ROWS), abs=1e-6)


@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_rows_with_ids_stand_in_any_order_and_an_item_without_one_has_no_such_block(folder, form):
    order = np.random.default_rng(2).permutation(N_ITEMS)[:20]
    ids = [f"i{place}" for place in order]
    if form == "npz":
        np.savez_compressed(folder / "image.npz", vectors=ROWS[order].astype(np.float16), item_id=np.array(ids))
    else:
        table = pyarrow.table({"item_id": ids, "vector": ROWS[order].tolist()})
        pyarrow.parquet.write_table(table, folder / "image.parquet")
    image = load(folder, image=f"image.{form}").arrays["image"]
    assert image[order] == pytest.approx(unit(ROWS[order]), abs=1e-3)
    without = np.setdiff1d(np.arange(N_ITEMS), order)
    assert (image[without] == 0).all()
    assert image.dtype == np.float32


def test_arrays_are_part_of_the_data_and_of_its_hash(folder):
    np.save(folder / "image.npy", ROWS)
    np.save(folder / "video.npy", ROWS + 1)
    plain, one, two = load(folder), load(folder, image="image.npy"), load(folder, image="video.npy")
    assert plain.arrays == {}
    assert len({plain.sha256, one.sha256, two.sha256, load(folder, video="image.npy").sha256}) == 4
    assert plain.sha256 == load_dataset("csv", data_dirs=[folder]).sha256
    assert load(folder, image="image.npy").sha256 == one.sha256
    assert set(load(folder, video="video.npy", image="image.npy").arrays) == {"image", "video"}


def test_every_kind_takes_them_and_its_own_options_are_checked_as_before():
    assert check_options("embedded", {"users": 5, "arrays": {"image": "x.npy"}}).users == 5
    with pytest.raises(BadOptions, match='unknown option "userz"'):
        check_options("embedded", {"userz": 5, "arrays": {"image": "x.npy"}})
    with pytest.raises(BadOptions, match=r'"title" is read from the items\' words'):
        check_options("embedded", {"arrays": {"title": "x.npy"}})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[:-1], "29 rows for 30 items"),
        (ROWS[:, 0], "finite numbers"),
        (np.where(np.arange(4) == 2, np.nan, ROWS), "finite numbers"),
        (np.full((N_ITEMS, 2), "red"), "cannot be read"),
    ],
)
def test_arrays_that_cannot_be_compared_are_refused(folder, rows, message):
    np.save(folder / "image.npy", rows)
    with pytest.raises(DataError, match=f"image.npy: .*{message}.*Next:"):
        load(folder, image="image.npy")


def test_files_that_do_not_fit_are_refused(folder):
    np.savez(folder / "foreign.npz", vectors=ROWS[:2], item_id=np.array(["i1", "nobody"]))
    np.savez(folder / "unequal.npz", vectors=ROWS[:2], item_id=np.array(["i1"]))
    np.savez(folder / "nameless.npz", rows=ROWS)
    (folder / "text.csv").write_text("1,2")
    (folder / "damaged.npy").write_bytes(b"no array")
    for name, message in {
        "foreign.npz": 'item "nobody"',
        "unequal.npz": "2 vectors with 1 ids",
        "nameless.npz": "cannot be read",
        "text.csv": "read from .npy, .npz, .parquet",
        "damaged.npy": "cannot be read",
        "absent.npy": "not found",
    }.items():
        with pytest.raises(DataError, match=message):
            load(folder, image=name)
