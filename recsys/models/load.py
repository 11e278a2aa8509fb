"""A model's files to a PyTorch module of Hugging Face transformers, real or random weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recsys.errors import ModelError
from recsys.models.locate import ModelFiles

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def read_config(files: ModelFiles) -> dict[str, Any]:
    """config.json as it stands. Raises ModelError when it is no JSON object with a model_type."""
    try:
        config = json.loads(files.config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f'model "{files.name}": {files.config} is no JSON: {error}. Next: download it again') from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f'model "{files.name}": {files.config} names no model_type. Next: save the model with save_pretrained')
    return config


def load_module(files: ModelFiles, attention: str = "sdpa") -> PreTrainedModel:
    """The model in fp32 on the CPU, set to inference. attention: "sdpa", or "eager" for export.

    Random weights depend on the seed alone; the caller's random state is kept. Raises ModelError.
    """
    import torch
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
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
            return AutoModel.from_config(config, attn_implementation=attention, dtype=torch.float32).eval()
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f'model "{files.name}" cannot be loaded: {error}. Next: check the files beside {files.config}') from error
