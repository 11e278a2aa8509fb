"""The artefact cache: damage is noticed and mended, two processes build once, keys follow their inputs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys.encoders import build_encoder
from recsys.models.artefacts import MANIFEST, ArtefactCache, Recipe, cache_folder

TEXTS = ["Super Mario Odyssey", "The Legend of Zelda: Breath of the Wild"]
RECIPE = Recipe("graph", "model.onnx", {"weights": "abc", "recipe_version": 1})


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def lose_the_manifest(path: Path) -> None:
    (path.parent / MANIFEST).unlink()


def break_the_manifest(path: Path) -> None:
    (path.parent / MANIFEST).write_text("[]")


def lose_the_file(path: Path) -> None:
    path.unlink()


DAMAGES = [flip_a_byte, cut_short, lose_the_manifest, break_the_manifest, lose_the_file]


class Builder:
    """Writes a kilobyte and counts how often."""

    def __init__(self) -> None:
        self.builds = 0

    def __call__(self, path: Path) -> None:
        self.builds += 1
        path.write_bytes(bytes(range(256)) * 4)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_told_and_mended(
    damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build = Builder()
    path = ArtefactCache(tmp_path).get(RECIPE, build)
    content = path.read_bytes()
    assert ArtefactCache(tmp_path).get(RECIPE, build) == path
    assert build.builds == 1
    damage(path)
    with caplog.at_level(logging.WARNING):
        assert ArtefactCache(tmp_path).get(RECIPE, build).read_bytes() == content
    assert build.builds == 2
    assert "damaged" in caplog.text
    assert sorted(found.name for found in path.parent.iterdir()) == [MANIFEST, "model.onnx"]


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short])
@pytest.mark.parametrize(
    "model",
    [
        pytest.param({"model": "bert-tiny-uncased", "weights": "random"}, id="tiny"),
        pytest.param({"model": "minilm"}, id="minilm", marks=pytest.mark.verify),
    ],
)
def test_a_damaged_int8_graph_is_rebuilt_to_the_same_vectors(
    model: dict[str, str],
    damage: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path))
    before = build_encoder("onnx", **model, precision="int8", threads=1).encode(TEXTS)
    (graph,) = tmp_path.rglob("model.onnx")
    damage(graph)
    with caplog.at_level(logging.WARNING):
        after = build_encoder("onnx", **model, precision="int8", threads=1).encode(TEXTS)
    assert "damaged" in caplog.text
    assert np.array_equal(before, after)


def test_a_build_that_fails_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError, match="no space"):
        ArtefactCache(tmp_path).get(RECIPE, fail)
    assert [found.name for found in (tmp_path / "artefacts").iterdir() if found.is_dir()] == []
    build = Builder()
    ArtefactCache(tmp_path).get(RECIPE, build)
    assert build.builds == 1


def test_several_at_once_build_once(tmp_path: Path) -> None:
    started = threading.Barrier(4)
    build = Builder()
    paths: list[Path] = []

    def ask() -> None:
        started.wait()
        paths.append(ArtefactCache(tmp_path).get(RECIPE, build))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 1
    assert len(paths) == 4
    assert build.builds == 1


@pytest.mark.parametrize(
    "inputs", [{"weights": "abd", "recipe_version": 1}, {"weights": "abc", "recipe_version": 2}, {"weights": "abc"}]
)
def test_another_input_is_another_artefact(inputs: dict[str, object]) -> None:
    assert Recipe("graph", "model.onnx", inputs).key != RECIPE.key


def test_the_order_of_inputs_does_not_matter() -> None:
    assert Recipe("graph", "model.onnx", {"recipe_version": 1, "weights": "abc"}).key == RECIPE.key


def test_the_folder_is_the_environments_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LLM_REC_BENCH_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("LLM_REC_BENCH_CACHE")
    assert cache_folder().name == "llm-rec-bench"
