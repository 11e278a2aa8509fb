"""A bidirectional language model as it is run here: from its files to its hidden states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.models.bert import Bert
from recsys.models.bert_weights import bert_weights
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles
from recsys.models.pooling import HiddenStates
from recsys.models.precision import at_precision, torch_dtype


@dataclass(frozen=True, slots=True)
class RunnableEncoder:
    """states: the forward pass, at its precision on its device. products: with weights, counted by precision.

    pads: whether a short text in a batch costs as much as the longest, be it in the attention alone.
    """

    states: HiddenStates
    products: Mapping[str, int]
    pads: bool = True


def load_encoder(files: ModelFiles, device: str, precision: str) -> RunnableEncoder:
    """An encoder at a precision on a device: plain BERTs run through Bert, others, and fp8, as transformers has them.

    Raises ModelError, and what `at_precision` raises.
    """
    weights = bert_weights(files) if precision != "fp8" else None
    if weights is not None:
        return RunnableEncoder(Bert(weights, device, torch_dtype(precision)), {precision: weights.n_products})
    module = load_module(files)
    products = at_precision(module, device, precision)
    return RunnableEncoder(lambda ids, mask: module(input_ids=ids, attention_mask=mask).last_hidden_state, products)
