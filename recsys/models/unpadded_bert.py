"""A BERT that multiplies real tokens alone: padding is there for the attention, if even there."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from recsys.errors import BadOptions
from recsys.models.bert import Bert, Product, attend_padded
from recsys.models.bert_weights import bert_weights
from recsys.models.encoder import RunnableEncoder
from recsys.models.locate import ModelFiles
from recsys.models.precision import torch_dtype

FLASH_TYPES = (torch.bfloat16, torch.float16)
"""What FlashAttention computes in (Dao 2023, arXiv 2307.08691)."""
CAPABILITY = (8, 0)
"""Of a GPU that it runs on: Ampere's. PyTorch has it for texts of unequal length since 2.10."""


def load_unpadded(files: ModelFiles, device: str, precision: str) -> RunnableEncoder:
    """A plain BERT at a precision on a device. Raises BadOptions for any other model, ModelError."""
    weights = bert_weights(files)
    if weights is None:
        raise BadOptions(f'unpadded = true is for plain BERTs, and "{files.name}" is none. Next: leave unpadded out')
    dtype = torch_dtype(precision)
    pads = not _has_flash(device, dtype)
    bert = UnpaddedBert(Bert(weights, device, dtype), pads=pads)
    return RunnableEncoder(bert, {precision: weights.n_products}, pads)


def _has_flash(device: str, dtype: torch.dtype) -> bool:
    """Whether PyTorch has FlashAttention for texts of unequal length there."""
    is_able = device.startswith("cuda") and torch.cuda.get_device_capability(device) >= CAPABILITY
    return is_able and dtype in FLASH_TYPES and find_spec("torch.nn.attention.varlen") is not None


class UnpaddedBert:
    """Takes a padded batch, and gives hidden states in its shape with zeros where there is padding.

    pads: the queries, keys and values for the attention, which leaves the products, where nearly all of the time goes;
    otherwise it reads texts of any length one after the other, which is for a GPU in half precision.
    """

    def __init__(self, bert: Bert, *, pads: bool) -> None:
        self._bert = bert
        self._pads = pads

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Last hidden states [n, length, hidden]. ids: int [n, length]; mask: bool [n, length], None = no padding."""
        if mask is None:
            return self._bert(ids, None)
        rows, length = ids.shape
        real = mask.flatten().nonzero().squeeze(1)
        x = self._bert.embedded(ids.flatten()[real], real % length)
        x = self._bert.through_layers(x, self._attention(mask, real))
        return _spread(x, real, rows * length).view(rows, length, -1)

    def _attention(self, mask: Tensor, real: Tensor) -> Product:
        """What mixes the tokens of each text, from [tokens, 3 · hidden] to [tokens, hidden]."""
        if self._pads:
            return partial(_attend_spread, heads=self._bert.heads, mask=mask, real=real)
        starts = functional.pad(mask.sum(1, dtype=torch.int32).cumsum(0, dtype=torch.int32), (1, 0))
        return partial(_attend_unpadded, heads=self._bert.heads, starts=starts, longest=mask.shape[1])


def _attend_unpadded(split: Tensor, heads: int, starts: Tensor, longest: int) -> Tensor:
    """starts: int32 [n + 1], where each text begins, and where the last ends."""
    from torch.nn.attention.varlen import varlen_attn

    q, k, v = split.view(len(split), 3, heads, -1).unbind(1)
    return cast(Tensor, varlen_attn(q, k, v, starts, starts, longest, longest)).flatten(1)


def _attend_spread(split: Tensor, heads: int, mask: Tensor, real: Tensor) -> Tensor:
    """real: int [tokens], the places of the tokens in the padded batch."""
    rows, length = mask.shape
    return attend_padded(_spread(split, real, rows * length), heads, rows, mask)[real]


def _spread(x: Tensor, places: Tensor, n: int) -> Tensor:
    """Rows at their places among n, zeros elsewhere."""
    spread = x.new_zeros((n, x.shape[1]))
    spread[places] = x
    return spread
