"""A model's files to a PyTorch module of Hugging Face transformers, real or random weights."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from recsys.errors import ModelError
from recsys.models.locate import ModelFiles

BARE = "AutoModel"
"""The class of transformers for a model without a head."""


def read_config(files: ModelFiles) -> dict[str, Any]:
    """config.json as it stands. Raises ModelError when it is no JSON object with a model_type."""
    try:
        config = json.loads(files.config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f'model "{files.name}": {files.config} is no JSON: {error}. Next: fetch it again') from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f'model "{files.name}": {files.config} names no model_type. Next: use save_pretrained')
    return config


def load_module(files: ModelFiles, attention: str = "sdpa", head: str = BARE, **settings: Any) -> Any:
    """The model, a transformers PreTrainedModel in fp32 on the CPU, set to inference.

    attention: "sdpa", or "eager" for export. head: the class of transformers that puts a head on it. settings: of the
    configuration of random weights, which depend on the seed alone; the caller's random state is kept. Raises
    ModelError, also for a head whose weights the files lack: transformers would draw them at random.
    """
    import torch
    import transformers
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        architecture: Any = getattr(transformers, head)
        if files.real:
            module, report = architecture.from_pretrained(
                files.config.parent,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention,
                dtype=torch.float32,
                output_loading_info=True,
            )
            if head != BARE:
                _require_all(files, head, report["missing_keys"])
            return module.eval()
        stored = read_config(files)
        config = transformers.AutoConfig.for_model(stored.pop("model_type"), **(stored | settings))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(files.seed)
            return architecture.from_config(config, attn_implementation=attention, dtype=torch.float32).eval()
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(
            f'model "{files.name}" cannot be loaded: {error}. Next: check {files.config.parent}'
        ) from error


def _require_all(files: ModelFiles, head: str, missing: Collection[str]) -> None:
    """Raise ModelError where weights of the head are not in the files."""
    if missing:
        raise ModelError(
            f'model "{files.name}": {files.config.parent} has no weights for {", ".join(sorted(missing)[:3])}, which '
            f"{head} needs. Next: a model that was trained with this head"
        )
