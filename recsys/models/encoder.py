"""A bidirectional language model as it is run here: from its files to its hidden states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recsys.models.bert import Bert
from recsys.models.bert_weights import bert_weights
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles
from recsys.models.pooling import HiddenStates
from recsys.models.work import products_of

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class RunnableEncoder:
    """states: the forward pass, at its precision on its device. n_products: matrices that each token goes through."""

    states: HiddenStates
    n_products: int


def load_encoder(files: ModelFiles, device: str, dtype: torch.dtype) -> RunnableEncoder:
    """An encoder at a precision on a device; plain BERTs run through Bert, others as transformers has them.

    Raises ModelError.
    """
    weights = bert_weights(files)
    if weights is not None:
        return RunnableEncoder(Bert(weights, device, dtype), weights.n_products)
    module = load_module(files).to(device=device, dtype=dtype)
    return RunnableEncoder(
        lambda ids, mask: module(input_ids=ids, attention_mask=mask).last_hidden_state, len(products_of(module))
    )
