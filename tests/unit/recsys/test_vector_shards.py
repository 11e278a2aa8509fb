"""Vectors on disk: what comes back is what was encoded, and what is missing, damaged or another's is refused."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.experiments.encode_catalogue.cut import CatalogueCut
from bench.experiments.encode_catalogue.shard import Destination, encode_shard
from recsys.encoders import build_encoder
from recsys.errors import DataError
from recsys.index import build_index
from recsys.vector_shards import (
    MANIFEST_FILE,
    VectorManifest,
    catalogue_sha256,
    load_item_vectors,
    missing_shards,
    read_manifest,
    shard_path,
)

TEXTS = ["red kettle", "blue teapot", "red kettle", "lamp", "", "a chair of wool and steel", "lamp", "red kettle"]
IDS = [f"i{place}" for place in range(len(TEXTS))]
ENCODER = build_encoder("fake", dim=8)


class Counting:
    """Passes texts on to another encoder and writes them down."""

    def __init__(self) -> None:
        self.info = ENCODER.info
        self.computed: list[str] = []

    def prepare(self, texts: Sequence[str]):
        return ENCODER.prepare(texts)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.computed += texts
        return ENCODER.encode(texts)


def manifest_of(texts_per_shard: int = 2, **changes: object) -> VectorManifest:
    stated = {
        "scenario": "s",
        "scenario_sha256": "0" * 64,
        "arm": "a",
        "encoder": {"kind": "fake", "dim": 8},
        "revision": ENCODER.info.revision,
        "precision": "fp32",
        "prompt": "",
        "max_tokens": 0,
        "dim": 8,
        "device": "cpu",
        "threads": 1,
        "catalogue_sha256": catalogue_sha256(IDS, TEXTS),
        "items": len(TEXTS),
        "texts": len(set(TEXTS)),
        "texts_per_shard": texts_per_shard,
    }
    return VectorManifest.model_validate(stated | changes)


def write(folder: Path, manifest: VectorManifest, numbers: Sequence[int] | None = None) -> Counting:
    """Encode these shards of the catalogue, all of them unless they are named."""
    folder.mkdir(exist_ok=True)
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
    encoder = Counting()
    cut = CatalogueCut(IDS, TEXTS, manifest.texts_per_shard)
    for shard in cut.shards(range(manifest.shards) if numbers is None else numbers):
        encode_shard(encoder, shard, Destination(folder, manifest.sha256))
    return encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "vectors", manifest_of())
    return tmp_path / "vectors"


def test_every_item_has_the_vector_of_its_text(folder: Path) -> None:
    loaded = load_item_vectors(folder, catalogue_sha256(IDS, TEXTS))
    assert loaded.item_ids == tuple(IDS)
    assert loaded.vectors.dtype == np.float32
    assert loaded.vectors == pytest.approx(ENCODER.encode(TEXTS), abs=1e-5)
    assert loaded.manifest == manifest_of()


def test_equal_texts_are_encoded_once_and_the_longest_first(tmp_path: Path) -> None:
    encoder = write(tmp_path / "vectors", manifest_of())
    assert encoder.computed == ["a chair of wool and steel", "blue teapot", "red kettle", "lamp", ""]


@pytest.mark.parametrize("texts_per_shard", [1, 3, 5, 100])
def test_however_it_is_cut_the_vectors_are_the_same(tmp_path: Path, texts_per_shard: int) -> None:
    manifest = manifest_of(texts_per_shard)
    write(tmp_path / "vectors", manifest)
    assert load_item_vectors(tmp_path / "vectors").vectors == pytest.approx(ENCODER.encode(TEXTS), abs=1e-5)
    assert len(list((tmp_path / "vectors").glob("shard-*"))) == manifest.shards == -(-5 // texts_per_shard)


def test_an_index_is_built_from_them(folder: Path) -> None:
    index = build_index("exact", load_item_vectors(folder).vectors)
    assert index.search(ENCODER.encode(["lamp"]), 2, [np.zeros(0, np.int32)])[0].positions.tolist() == [3, 6]


def test_a_shard_is_a_plain_parquet_file(folder: Path) -> None:
    table = pq.read_table(shard_path(folder, 0))
    assert table.column_names == ["position", "item_id", "vector"]
    assert str(table.schema.field("vector").type).startswith("fixed_size_list<")
    assert table["item_id"].to_pylist() == ["i5", "i1"]


def test_the_same_shard_has_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    write(tmp_path / "again", manifest_of(), numbers=[2, 1, 0])
    for number in range(3):
        assert shard_path(tmp_path / "again", number).read_bytes() == shard_path(folder, number).read_bytes()


def test_what_is_missing_is_named_and_refused(folder: Path) -> None:
    shard_path(folder, 1).unlink()
    assert missing_shards(folder, manifest_of()) == [1]
    with pytest.raises(DataError, match=r"1 of 3 shards.*shard-000001"):
        load_item_vectors(folder)


def test_a_damaged_shard_and_one_of_another_manifest_are_missing(folder: Path, tmp_path: Path) -> None:
    whole = shard_path(folder, 0).read_bytes()
    shard_path(folder, 0).write_bytes(whole[: len(whole) // 2])
    write(tmp_path / "other", manifest_of(precision="int8"))
    shutil.copy(shard_path(tmp_path / "other", 2), shard_path(folder, 2))
    assert missing_shards(folder, manifest_of()) == [0, 2]


def test_an_item_with_two_vectors_or_none_is_refused(folder: Path) -> None:
    shutil.copy(shard_path(folder, 0), shard_path(folder, 2))
    with pytest.raises(DataError, match="item 1 of 8 has 2 vectors"):
        load_item_vectors(folder)


def test_vectors_of_another_catalogue_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="of the catalogue"):
        load_item_vectors(folder, catalogue_sha256(IDS, [*TEXTS[:-1], "another"]))


def test_a_folder_without_a_manifest_and_one_of_another_version_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.json can be read"):
        load_item_vectors(tmp_path)
    (folder / MANIFEST_FILE).write_text('{"format": "later"}')
    with pytest.raises(DataError, match="none of this version"):
        read_manifest(folder)


def test_a_manifest_says_where_another_differs() -> None:
    assert manifest_of().differences(manifest_of()) == []
    assert manifest_of().differences(manifest_of(precision="int8")) == ["precision is 'fp32' there, 'int8' here"]
