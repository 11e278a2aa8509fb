"""The made-up picture vectors of the embedded catalogue: shipped as their procedure makes them."""

from importlib.resources import files

import numpy as np

from recsys.data.embedded import read_catalogue
from recsys.data.loading import load_dataset
from recsys.data.picture_simulation import DIM, WITHOUT_PICTURES, simulate_pictures, write_pictures

CATALOGUE = read_catalogue()
PICTURED = np.array([item.domain != WITHOUT_PICTURES for item in CATALOGUE])


def test_what_is_shipped_is_what_the_seed_makes_and_small():
    made = simulate_pictures(CATALOGUE)
    dataset = load_dataset("embedded", data_dirs=[], users=3, arrays={"image": "embedded-pictures.npz"})
    image = dataset.arrays["image"]
    assert image.shape == (600, DIM)
    assert np.abs(image[PICTURED] - made[PICTURED].astype(np.float32)).max() < 2e-3
    assert (image[~PICTURED] == 0).all()
    path = files("recsys.data") / "arrays" / "embedded-pictures.npz"
    assert len(path.read_bytes()) < 300_000


def test_a_written_file_says_the_same(tmp_path):
    write_pictures(tmp_path / "pictures.npz")
    with np.load(tmp_path / "pictures.npz") as written:
        assert written["item_id"].astype(str).tolist() == [
            item.item_id for item, shown in zip(CATALOGUE, PICTURED, strict=True) if shown
        ]
        assert (written["vectors"] == simulate_pictures(CATALOGUE)[PICTURED]).all()


def test_pictures_of_one_topic_are_more_alike_than_others_and_no_two_the_same():
    vectors = simulate_pictures(CATALOGUE).astype(np.float32)
    topics = np.array([item.topic for item in CATALOGUE])
    cosines = vectors @ vectors.T
    same = topics[:, None] == topics[None]
    apart = ~np.eye(len(topics), dtype=bool)
    assert cosines[same & apart].mean() > cosines[~same].mean() + 0.2
    assert cosines[apart].max() < 0.99
