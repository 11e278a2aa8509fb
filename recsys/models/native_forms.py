"""A BERT's weights in the forms that the project's own kernels read: 8 bits with a scale a column, or bf16."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import POINTER, Structure, c_float, c_int32, c_void_p
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.models.bert_weights import BertWeights

Floats: TypeAlias = npt.NDArray[np.float32]
Array: TypeAlias = npt.NDArray[Any]
Wide = Literal["none", "attention", "all"]
"""What takes activations of 16 bits instead of 8: no product, those to queries, keys and values, or all."""

ACTIVATION_BITS: Mapping[Wide, tuple[int, int]] = {"none": (8, 8), "attention": (16, 8), "all": (16, 16)}
"""Of what queries, keys and values are made from, then of everything else."""
PRECISIONS = {8: "int8", 16: "w8a16"}
ATTENTION_PRODUCTS = 3
"""Of a layer: queries, keys and values."""
LANES = 16
STEP_BYTES = 4
"""What one 32-bit number of an instruction sums up the products of."""
LARGEST_WEIGHT = 127
UNSIGNED_SHIFT = 128
SMALLEST_SCALE = 1e-30


class Norm(Structure):
    """Addresses of a layer norm's weight and bias."""

    _fields_: ClassVar[Any] = [("weight", c_void_p), ("bias", c_void_p)]


class Int8Weights(Structure):
    """native/int8.hpp's structure of this name."""

    _fields_: ClassVar[Any] = [
        *((name, c_void_p) for name in ("packed", "scales", "bias", "sums")),
        *((name, c_int32) for name in ("inputs", "outputs", "planes")),
    ]


class Bf16Weights(Structure):
    """native/bf16.hpp's structure of this name."""

    _fields_: ClassVar[Any] = [
        *((name, c_void_p) for name in ("packed", "bias")),
        *((name, c_int32) for name in ("inputs", "outputs")),
    ]


class Form(Protocol):
    """How the weights of products are kept. function: of native/bert.cpp. structure: of the weights there."""

    function: ClassVar[str]
    structure: ClassVar[type[Structure]]

    def arrays(self, weight: Floats, bias: Floats) -> list[Array]:
        """What the structure's addresses point to, of a weight [outputs, inputs]."""

    def numbers(self, *, of_attention: bool) -> tuple[int, ...]:
        """The structure's numbers behind inputs and outputs. of_attention: makes queries, keys and values."""

    def products(self, weights: BertWeights) -> dict[str, int]:
        """Products with weights, counted by precision."""


@dataclass(frozen=True, slots=True)
class Int8Form:
    """8-bit weights."""

    wide: Wide
    function: ClassVar[str] = "forward_int8"
    structure: ClassVar[type[Structure]] = Int8Weights

    def arrays(self, weight: Floats, bias: Floats) -> list[Array]:
        """As Form says."""
        codes, scales = quantised_rows(weight)
        unsigned = (codes.astype(np.int16) + UNSIGNED_SHIFT).astype(np.uint8)
        return [packed(unsigned), scales, bias, codes.sum(axis=1, dtype=np.int32)]

    def numbers(self, *, of_attention: bool) -> tuple[int, ...]:
        """Bytes of an activation."""
        return (ACTIVATION_BITS[self.wide][0 if of_attention else 1] // 8,)

    def products(self, weights: BertWeights) -> dict[str, int]:
        """As Form says."""
        first = ATTENTION_PRODUCTS * weights.layers
        first_bits, bits = ACTIVATION_BITS[self.wide]
        counts = {PRECISIONS[first_bits]: first}
        counts[PRECISIONS[bits]] = counts.get(PRECISIONS[bits], 0) + weights.n_products - first
        return dict(sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class Bf16Form:
    """bf16 weights."""

    function: ClassVar[str] = "forward_bf16"
    structure: ClassVar[type[Structure]] = Bf16Weights

    def arrays(self, weight: Floats, bias: Floats) -> list[Array]:
        """As Form says."""
        import torch

        halves: Array = torch.from_numpy(np.ascontiguousarray(weight)).bfloat16().view(torch.int16).numpy()
        return [packed(halves), bias]

    def numbers(self, *, of_attention: bool) -> tuple[int, ...]:
        """None."""
        return ()

    def products(self, weights: BertWeights) -> dict[str, int]:
        """As Form says."""
        return {"bf16": weights.n_products}


def layer_type(weights: type[Structure]) -> type[Structure]:
    """native/bert.cpp's Layer with these weights."""
    products = ("queries_keys_values", "attended", "expanded", "contracted")
    norms = ("attended_norm", "contracted_norm")
    return type(
        "Layer",
        (Structure,),
        {"_fields_": [*((name, weights) for name in products), *((name, Norm) for name in norms)]},
    )


def model_type(layer: type[Structure]) -> type[Structure]:
    """native/bert.cpp's Model of these layers."""
    fields = [
        *((name, c_int32) for name in ("layers", "hidden", "heads", "vocabulary", "positions")),
        ("norm_eps", c_float),
        *((name, c_void_p) for name in ("word", "position")),
        ("embedded_norm", Norm),
        ("layer", POINTER(layer)),
    ]
    return type("Model", (Structure,), {"_fields_": fields})


def quantised_rows(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Codes int8 of weight's shape, from −127 to 127, and a scale a row: weight ≈ codes · scales."""
    scales = np.maximum(np.abs(weight).max(axis=1) / LARGEST_WEIGHT, SMALLEST_SCALE).astype(np.float32)
    return np.rint(weight / scales[:, np.newaxis]).astype(np.int8), scales


def packed(rows: Array) -> npt.NDArray[np.uint8]:
    """Numbers of 1 or 2 bytes [outputs, inputs] as bytes [outputs / 16, bytes of a row / 4, 16, 4]."""
    in_bytes = np.ascontiguousarray(rows).view(np.uint8)
    blocks = in_bytes.reshape(len(rows) // LANES, LANES, in_bytes.shape[1] // STEP_BYTES, STEP_BYTES)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3))
