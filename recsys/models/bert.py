"""BERT's forward pass (Devlin et al. 2019) with little between its matrix products: same numbers, fewer steps.

The weights are taken over from a transformers BertModel. Query, key and value are one product; the segment embedding,
the same for every token of a single text, is part of the position table; bias, GELU and the residual sum are fused into
the products where PyTorch brings oneDNN, whose weights are then packed once instead of at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from recsys.models.cpu_features import has_bf16_products

Product: TypeAlias = Callable[[Tensor], Tensor]
ProductAndSum: TypeAlias = Callable[[Tensor, Tensor], Tensor]


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
    """A BertModel ready to run at one precision on one device."""

    def __init__(self, model: Any, device: str, dtype: torch.dtype) -> None:
        """model: a transformers BertModel, which is moved and converted itself: give it one of your own."""
        model = model.to(device=device, dtype=dtype)
        embeddings = model.embeddings
        self._heads = model.config.num_attention_heads
        self._words = embeddings.word_embeddings.weight.detach()
        segment = embeddings.token_type_embeddings.weight.detach()[0]
        self._positions = embeddings.position_embeddings.weight.detach() + segment
        self._embedded_norm = _norm(embeddings.LayerNorm)
        self._layers = [_layer(layer) for layer in model.encoder.layer]

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Last hidden states [n, length, hidden]. ids: int [n, length]; mask: bool [n, length], None = no padding."""
        rows, length = ids.shape
        x = functional.embedding(ids, self._words) + self._positions[:length]
        x = self._embedded_norm(x.view(rows * length, -1))
        visible = None if mask is None else mask[:, None, None, :]
        for layer in self._layers:
            split = layer.queries_keys_values(x).view(rows, length, 3, self._heads, -1)
            q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=visible)
            mixed = mixed.transpose(1, 2).reshape(rows * length, -1)
            x = layer.attended_norm(layer.attended(mixed, x))
            x = layer.contracted_norm(layer.contracted(layer.expanded(x), x))
        return x.view(rows, length, -1)


def can_run(config: Any) -> bool:
    """Whether a transformers config describes the plain BERT encoder that Bert computes."""
    return (
        config.model_type == "bert"
        and config.hidden_act == "gelu"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not getattr(config, "is_decoder", False)
    )


def _layer(layer: Any) -> Layer:
    attention, out = layer.attention.self, layer.attention.output
    parts = (attention.query, attention.key, attention.value)
    weight = torch.cat([part.weight.detach() for part in parts])
    bias = torch.cat([part.bias.detach() for part in parts])
    return Layer(
        _product(weight, bias),
        _product_and_sum(out.dense.weight.detach(), out.dense.bias.detach()),
        _norm(out.LayerNorm),
        _product_and_gelu(layer.intermediate.dense.weight.detach(), layer.intermediate.dense.bias.detach()),
        _product_and_sum(layer.output.dense.weight.detach(), layer.output.dense.bias.detach()),
        _norm(layer.output.LayerNorm),
    )


def _norm(module: Any) -> Norm:
    return Norm(tuple(module.normalized_shape), module.weight.detach(), module.bias.detach(), module.eps)


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
