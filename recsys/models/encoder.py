"""A bidirectional language model as it is run here: its hidden states."""

from __future__ import annotations

from typing import Any

import torch

from recsys.models.bert import Bert, can_run
from recsys.models.pooling import HiddenStates


def encoder_states(module: Any, device: str, dtype: torch.dtype) -> HiddenStates:
    """The hidden states of a transformers model, at a precision on a device; plain BERTs run through Bert."""
    if can_run(module.config):
        return Bert(module, device, dtype)
    module = module.to(device=device, dtype=dtype)
    return lambda ids, mask: module(input_ids=ids, attention_mask=mask).last_hidden_state
