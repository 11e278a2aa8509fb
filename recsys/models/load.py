"""A model's files to a PyTorch module of Hugging Face transformers, real or random weights."""

from __future__ import annotations

import json
from typing import Any

from recsys.errors import ModelError
from recsys.models.locate import ModelFiles


def read_config(files: ModelFiles) -> dict[str, Any]:
    """config.json as it stands. Raises ModelError when it is no JSON object with a model_type."""
    try:
        config = json.loads(files.config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f'model "{files.name}": {files.config} is no JSON: {error}. Next: fetch it again') from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f'model "{files.name}": {files.config} names no model_type. Next: use save_pretrained')
    return config


def load_module(files: ModelFiles, attention: str = "sdpa") -> Any:
    """The model, a transformers PreTrainedModel in fp32 on the CPU, set to inference.

    attention: "sdpa", or "eager" for export. Random weights depend on the seed alone; the caller's random state is
    kept. Raises ModelError.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        if files.real:
            return AutoModel.from_pretrained(
                files.config.parent,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention,
                dtype=torch.float32,
            ).eval()
        settings = read_config(files)
        config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(files.seed)
            build: Any = AutoModel.from_config
            return build(config, attn_implementation=attention, dtype=torch.float32).eval()
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(
            f'model "{files.name}" cannot be loaded: {error}. Next: check {files.config.parent}'
        ) from error
