"""Pictures to vectors with a vision model of random weights."""

import numpy as np
import pytest
from PIL import Image

from recsys.data.loading import load_dataset
from recsys.errors import DataError, MissingLibrary, ModelError
from recsys.models import vision
from recsys.models.artefacts import CACHE_VARIABLE
from recsys.models.vision import PictureOptions, picture_vectors

RANDOM = PictureOptions(model="vit-tiny", weights="random")
IDS = ["a", "b", "none", "c"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for name, size, mode in (("a.png", (40, 30), "RGB"), ("b.jpg", (64, 64), "L"), ("c.webp", (20, 50), "RGB")):
        shape = (size[1], size[0], 3) if mode == "RGB" else size[::-1]
        Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8), mode=mode).save(pictures / name)
    return pictures


def test_each_picture_is_a_vector_and_an_item_without_one_is_zero(folder):
    vectors = picture_vectors(folder, IDS, RANDOM)
    assert vectors.shape == (4, 32)
    assert (vectors[2] == 0).all()
    norms = np.linalg.norm(vectors[[0, 1, 3]], axis=1)
    assert (norms > 0).all()
    units = vectors[[0, 1, 3]] / norms[:, None]
    assert np.abs(units @ units.T - np.eye(3)).max() < 1 - 1e-4, "different pictures, different vectors"


def test_the_seed_and_the_pooling_decide_and_pictures_are_read_once(folder, monkeypatch):
    first = picture_vectors(folder, IDS, RANDOM)
    other = picture_vectors(folder, IDS, RANDOM.model_copy(update={"seed": 1}))
    mean = picture_vectors(folder, IDS, RANDOM.model_copy(update={"pooling": "mean"}))
    assert (first != other).any()
    assert (first != mean).any()
    monkeypatch.setattr(vision, "_encode", lambda *_: pytest.fail("encoded again"))
    assert (picture_vectors(folder, IDS, RANDOM) == first).all()
    Image.new("RGB", (8, 8), "red").save(folder / "none.png")
    with pytest.raises(pytest.fail.Exception, match="encoded again"):
        picture_vectors(folder, IDS, RANDOM)


def test_a_model_in_a_folder_is_read_with_its_own_processor(folder, tmp_path):
    import torch
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=16, patch_size=8
    )
    ViTModel(config).save_pretrained(tmp_path / "vit")
    ViTImageProcessor(size={"height": 16, "width": 16}).save_pretrained(tmp_path / "vit")
    assert picture_vectors(folder, IDS, PictureOptions(model=str(tmp_path / "vit"))).shape == (4, 16)


def test_a_data_set_takes_a_folder_of_pictures(folder, tmp_path):
    source = {"images": "pictures", "model": "vit-tiny", "weights": "random"}
    for name in ("a", "b", "c"):
        (folder / f"{name}.png").unlink(missing_ok=True)
    Image.new("RGB", (8, 8), "red").save(folder / "products-001.png")
    dataset = load_dataset("embedded", data_dirs=[tmp_path], users=3, arrays={"image": source})
    norms = np.linalg.norm(dataset.arrays["image"], axis=1)
    assert [dataset.items[place].item_id for place in np.flatnonzero(norms)] == ["products-001"]
    assert norms.max() == pytest.approx(1)


def test_what_cannot_be_read_is_named(folder, monkeypatch):
    with pytest.raises(DataError, match="no picture is named by an item's id.*x.jpg"):
        picture_vectors(folder, ["x", "y"], RANDOM)
    with pytest.raises(ModelError, match="Known: vit-tiny"):
        picture_vectors(folder, IDS, PictureOptions(model="vit-huge", weights="random"))
    (folder / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="a.png: no picture that can be read"):
        picture_vectors(folder, IDS, RANDOM)
    monkeypatch.setattr(vision, "find_spec", lambda name: None if name == "PIL" else object())
    with pytest.raises(MissingLibrary, match=r"need PIL.*llm-rec-bench\[vision\]"):
        picture_vectors(folder, IDS, RANDOM)
