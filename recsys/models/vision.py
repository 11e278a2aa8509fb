"""Pictures to vectors, with a vision model of Hugging Face transformers; loaded only when pictures are to be read.

The model and its way of preparing pictures come from a folder, the Hugging Face cache or the hub; `weights = "random"`
builds a shipped configuration, for tests and for what it costs. A folder's vectors are made once and kept with the
other artefacts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.errors import DataError, MissingLibrary, ModelError
from recsys.models.artefacts import ArtefactCache, Recipe
from recsys.options import OptionsModel

REQUIRES = ("torch", "transformers", "PIL")
CONFIGS = Path(__file__).parent / "vision_configs"
"""Configurations shipped with the project, for random weights."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
PICTURES_AT_ONCE = 32
RECIPE_VERSION = 1
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "config.json", "preprocessor_config.json")

Vectors = npt.NDArray[np.float32]


class PictureOptions(OptionsModel):
    """model: a folder, a hub id, or a shipped configuration with weights = "random" (then seed counts).

    pooling: of the last hidden states; a model with picture features of its own (CLIP) gives those.
    """

    model: str = Field("google/vit-base-patch16-224-in21k", min_length=1)
    weights: Literal["real", "random"] = "real"
    seed: int = Field(0, ge=0)
    pooling: Literal["cls", "mean"] = "cls"


def picture_vectors(folder: Path, item_ids: Sequence[str], options: PictureOptions) -> Vectors:
    """float32 [items, dim]: of the picture NAME.jpg, .png or .webp of each item's id, zero where there is none.

    Raises DataError for a folder without any of them, MissingLibrary, ModelError.
    """
    paths = [_picture(folder, item_id) for item_id in item_ids]
    if not any(paths):
        raise DataError(f"{folder}: no picture is named by an item's id. Next: for example {item_ids[0]}.jpg")
    missing = [name for name in REQUIRES if find_spec(name) is None]
    if missing:
        raise MissingLibrary(f"pictures need {', '.join(missing)}. Next: pip install 'llm-rec-bench[vision]'")
    shown = [path for path in paths if path is not None]
    recipe = Recipe(
        "pictures",
        "vectors.npy",
        {
            "version": RECIPE_VERSION,
            "model": options.model_dump(include=set(PictureOptions.model_fields)),
            "pictures": _sha256(shown),
        },
    )
    made = np.load(ArtefactCache().get(recipe, lambda path: np.save(path, _encode(shown, options))), allow_pickle=False)
    vectors = np.zeros((len(paths), made.shape[1]), np.float32)
    vectors[[place for place, path in enumerate(paths) if path is not None]] = made
    return vectors


def _picture(folder: Path, item_id: str) -> Path | None:
    return next((path for suffix in SUFFIXES if (path := folder / f"{item_id}{suffix}").is_file()), None)


def _sha256(paths: Sequence[Path]) -> str:
    """Over all pictures, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _encode(paths: Sequence[Path], options: PictureOptions) -> Vectors:
    """float32 [pictures, dim]."""
    import torch

    model, prepare = _load(options)
    parts = []
    with torch.inference_mode():
        for pictures in _opened(paths):
            pixels = prepare(images=pictures, return_tensors="pt")["pixel_values"]
            parts.append(_features(model, pixels, options.pooling).float().numpy())
    return np.concatenate(parts)


def _opened(paths: Sequence[Path]) -> Iterator[list[Any]]:
    """Pictures as RGB, some at a time. Raises DataError for one that cannot be read."""
    from PIL import Image, UnidentifiedImageError

    for first in range(0, len(paths), PICTURES_AT_ONCE):
        pictures = []
        for path in paths[first : first + PICTURES_AT_ONCE]:
            try:
                with Image.open(path) as picture:
                    pictures.append(picture.convert("RGB"))
            except (UnidentifiedImageError, OSError) as error:
                raise DataError(f"{path}: no picture that can be read: {error}. Next: replace or remove it") from error
        yield pictures


def _features(model: Any, pixels: Any, pooling: str) -> Any:
    """[pictures, dim]."""
    if hasattr(model, "get_image_features"):
        features = model.get_image_features(pixel_values=pixels)
        return getattr(features, "pooler_output", features)  # newer versions wrap it
    states = model(pixel_values=pixels).last_hidden_state
    return states[:, 0] if pooling == "cls" else states.mean(dim=1)


def _load(options: PictureOptions) -> tuple[Any, Any]:
    """The model, set to inference, and what prepares pictures for it. Raises ModelError."""
    import torch
    from transformers import AutoConfig, AutoImageProcessor, AutoModel

    processor: Any = AutoImageProcessor
    try:
        if options.weights == "real":
            folder = _folder(options.model)
            model: Any = AutoModel.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
            return model.eval(), processor.from_pretrained(folder, trust_remote_code=False)
        settings = json.loads(_shipped(options.model).read_text(encoding="utf-8"))
        config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            build: Any = AutoModel.from_config
            return build(config).eval(), _plain_processor(config.image_size)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f'vision model "{options.model}" cannot be loaded: {error}. Next: check its folder') from error


def _plain_processor(image_size: int) -> Any:
    """A picture scaled to the model's size, its values to −1 … 1."""
    from transformers import ViTImageProcessor

    return ViTImageProcessor(size={"height": image_size, "width": image_size})


def _shipped(name: str) -> Path:
    shipped = {path.stem: path for path in sorted(CONFIGS.glob("*.json"))}
    if name not in shipped:
        known = ", ".join(shipped)
        raise ModelError(f'vision model "{name}": no configuration of that name for random weights. Known: {known}')
    return shipped[name]


def _folder(model: str) -> str:
    """Where the model is: a folder as it is, else a snapshot from the cache or the hub."""
    if Path(model).is_dir():
        return model
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return snapshot_download(model, allow_patterns=list(HUB_FILES))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f'vision model "{model}" not found: no such folder, and the hub answered {type(error).__name__}. '
            'Next: give a folder, or weights = "random" with model = "vit-tiny"'
        ) from error
