"""A model's sizes, from its config.json."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.errors import ModelError
from recsys.models.load import read_config
from recsys.models.locate import ModelFiles


@dataclass(frozen=True, slots=True)
class ModelShape:
    """dim: of a hidden state. positions: tokens that a text may have at most."""

    dim: int
    positions: int


def shape_of(files: ModelFiles) -> ModelShape:
    """The sizes as the file names them; where it has other names for them, transformers knows which.

    Raises ModelError for a model without a number of positions or without hidden states.
    """
    stored = read_config(files)
    if {"hidden_size", "max_position_embeddings"} <= stored.keys():
        return ModelShape(stored["hidden_size"], stored["max_position_embeddings"])
    from transformers import AutoConfig

    try:
        config = AutoConfig.for_model(stored.pop("model_type"), **stored)
        return ModelShape(config.hidden_size, config.max_position_embeddings)
    except (ValueError, AttributeError) as error:
        raise ModelError(
            f'model "{files.name}": {files.config} tells neither hidden_size nor max_position_embeddings: {error}. '
            f"Next: an encoder or decoder of text that transformers knows"
        ) from error
