"""BERT's forward pass (Devlin et al. 2019) with little between its matrix products: same numbers, fewer steps.

The weights are read from their files (recsys.models.bert_weights). Query, key and value are one product; the segment
embedding, the same for every token of a single text, is part of the position table; bias, GELU and the residual sum are
fused into the products where PyTorch brings oneDNN, whose weights are then packed once instead of at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from recsys.models.bert_weights import BertWeights
from recsys.models.cpu_features import has_bf16_products

Product: TypeAlias = Callable[[Tensor], Tensor]
ProductAndSum: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Named: TypeAlias = Callable[[str], Tensor]


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer norm with its weights."""

    shape: tuple[int, ...]
    weight: Tensor
    bias: Tensor
    eps: float

    def __call__(self, x: Tensor) -> Tensor:
        """Normalised over the last dimension."""
        return torch.layer_norm(x, self.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's steps on rows of tokens [tokens, hidden]."""

    queries_keys_values: Product
    attended: ProductAndSum
    attended_norm: Norm
    expanded: Product
    contracted: ProductAndSum
    contracted_norm: Norm


class Bert:
    """A BERT ready to run at one precision on one device."""

    def __init__(self, weights: BertWeights, device: str, dtype: torch.dtype) -> None:
        """weights: as they were trained; they are moved and converted here."""
        at = partial(_converted, weights, device, dtype)
        self.heads = weights.heads
        self._words = at("embeddings.word_embeddings.weight")
        segment = at("embeddings.token_type_embeddings.weight")[0]
        self._positions = at("embeddings.position_embeddings.weight") + segment
        self._embedded_norm = _norm(at, "embeddings.LayerNorm", weights.norm_eps)
        self._layers = [_layer(at, f"encoder.layer.{n}", weights.norm_eps) for n in range(weights.layers)]

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Last hidden states [n, length, hidden]. ids: int [n, length]; mask: bool [n, length], None = no padding."""
        rows, length = ids.shape
        attend = partial(attend_padded, heads=self.heads, rows=rows, mask=mask)
        return self.through_layers(self.embedded(ids, slice(length)), attend).view(rows, length, -1)

    def embedded(self, ids: Tensor, places: Tensor | slice) -> Tensor:
        """Tokens [tokens, hidden] before the first layer. places: of the ids' last dimension in their texts."""
        x = functional.embedding(ids, self._words) + self._positions[places]
        return self._embedded_norm(x.view(ids.numel(), -1))

    def through_layers(self, x: Tensor, attend: Product) -> Tensor:
        """Tokens [tokens, hidden] after the last layer.

        attend: mixes the tokens of each text, from queries, keys and values [tokens, 3 · hidden] to [tokens, hidden].
        """
        for layer in self._layers:
            x = layer.attended_norm(layer.attended(attend(layer.queries_keys_values(x)), x))
            x = layer.contracted_norm(layer.contracted(layer.expanded(x), x))
        return x


def attend_padded(split: Tensor, heads: int, rows: int, mask: Tensor | None) -> Tensor:
    """Attention within each row of a padded batch, [rows · length, hidden] of [rows · length, 3 · hidden].

    mask: bool [rows, length] of real tokens, None = all are.
    """
    visible = None if mask is None else mask[:, None, None, :]
    q, k, v = split.view(rows, -1, 3, heads, split.shape[1] // (3 * heads)).permute(2, 0, 3, 1, 4).unbind(0)
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=visible)
    return mixed.transpose(1, 2).reshape(len(split), -1)


def _converted(weights: BertWeights, device: str, dtype: torch.dtype, name: str) -> Tensor:
    """One of the model's tensors as it is computed with."""
    return weights.tensors[name].to(device=device, dtype=dtype)


def _layer(at: Named, layer: str, norm_eps: float) -> Layer:
    """The steps of a layer, by the start of its tensors' names."""
    queries_keys_values = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    return Layer(
        _product(*(torch.cat([at(f"{part}.{kind}") for part in queries_keys_values]) for kind in ("weight", "bias"))),
        _product_and_sum(*_linear(at, f"{layer}.attention.output.dense")),
        _norm(at, f"{layer}.attention.output.LayerNorm", norm_eps),
        _product_and_gelu(*_linear(at, f"{layer}.intermediate.dense")),
        _product_and_sum(*_linear(at, f"{layer}.output.dense")),
        _norm(at, f"{layer}.output.LayerNorm", norm_eps),
    )


def _linear(at: Named, name: str) -> tuple[Tensor, Tensor]:
    """Weight and bias."""
    return at(f"{name}.weight"), at(f"{name}.bias")


def _norm(at: Named, name: str, eps: float) -> Norm:
    weight, bias = _linear(at, name)
    return Norm(tuple(weight.shape), weight, bias, eps)


def _packed(weight: Tensor) -> Tensor | None:
    """The weight in oneDNN's own layout; None off the CPU, and where PyTorch lacks the operators or the CPU the type.

    They are the ones its compiler emits for frozen weights, called here without a compiler.
    """
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    if not hasattr(torch.ops.mkldnn, "_reorder_linear_weight") or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return None
    if weight.dtype == torch.bfloat16 and not has_bf16_products():
        return None
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
    return packed


def _product(weight: Tensor, bias: Tensor) -> Product:
    """Compute x Wᵀ + b."""
    packed = _packed(weight)
    if packed is None:
        return lambda x: functional.linear(x, weight, bias)
    fused = torch.ops.mkldnn._linear_pointwise.default
    return lambda x: fused(x, packed, bias, "none", [], "")


def _product_and_gelu(weight: Tensor, bias: Tensor) -> Product:
    """Compute gelu(x Wᵀ + b), the exact one with the error function."""
    packed = _packed(weight)
    if packed is None:
        return lambda x: functional.gelu(functional.linear(x, weight, bias))
    fused = torch.ops.mkldnn._linear_pointwise.default
    return lambda x: fused(x, packed, bias, "gelu", [], "none")


def _product_and_sum(weight: Tensor, bias: Tensor) -> ProductAndSum:
    """Compute x Wᵀ + b + residual."""
    packed = _packed(weight)
    if packed is None:
        return lambda x, residual: functional.linear(x, weight, bias) + residual
    fused = torch.ops.mkldnn._linear_pointwise.binary
    return lambda x, residual: fused(x, residual, packed, bias, "add")
