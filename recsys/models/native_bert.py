"""A plain BERT with 8-bit weights in the project's own kernels (native/bert.cpp): packed here, computed there."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import POINTER, Structure, c_float, c_int32, c_void_p
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.errors import BadOptions, ModelError
from recsys.models.bert_weights import BertWeights, bert_weights
from recsys.models.locate import ModelFiles
from recsys.models.native_library import Instructions, load_library

Floats: TypeAlias = npt.NDArray[np.float32]
Named: TypeAlias = Callable[[str], Floats]
Wide = Literal["none", "attention", "all"]
"""What takes activations of 16 bits instead of 8: no product, those to queries, keys and values, or all."""

ACTIVATION_BITS: Mapping[Wide, tuple[int, int]] = {"none": (8, 8), "attention": (16, 8), "all": (16, 16)}
"""Of what queries, keys and values are made from, then of everything else."""
PRECISIONS = {8: "int8", 16: "w8a16"}
ATTENTION_PRODUCTS = 3
"""Of a layer: queries, keys and values."""
LANES = 16
DOT = 4
"""Products that one 32-bit number of an instruction sums up."""
WIDTH_UNIT, HEAD_UNIT = 64, 32
"""What a hidden size and that of a head are multiples of: the kernels have no code for the rest of a register."""
LARGEST_WEIGHT = 127
UNSIGNED_SHIFT = 128
SMALLEST_SCALE = 1e-30
FAULTS = {
    1: "a token id outside the model's vocabulary. Next: the tokenizer of this model",
    2: "a text longer than the model's positions. Next: a smaller max_tokens",
}


class _Norm(Structure):
    _fields_: ClassVar[Any] = [("weight", c_void_p), ("bias", c_void_p)]


class _Weights(Structure):
    _fields_: ClassVar[Any] = [
        *((name, c_void_p) for name in ("packed", "scales", "bias", "sums")),
        *((name, c_int32) for name in ("inputs", "outputs", "planes")),
    ]


class _Layer(Structure):
    _fields_: ClassVar[Any] = [
        *((name, _Weights) for name in ("queries_keys_values", "attended", "expanded", "contracted")),
        *((name, _Norm) for name in ("attended_norm", "contracted_norm")),
    ]


class _Model(Structure):
    _fields_: ClassVar[Any] = [
        *((name, c_int32) for name in ("layers", "hidden", "heads", "vocabulary", "positions")),
        ("norm_eps", c_float),
        *((name, c_void_p) for name in ("word", "position")),
        ("embedded_norm", _Norm),
        ("layer", POINTER(_Layer)),
    ]


class NativeBert:
    """A BERT ready to run on texts that lie end to end. Its states are the same bits in any batch, by any threads."""

    def __init__(self, weights: BertWeights, wide: Wide, instructions: Instructions | None = None) -> None:
        """weights: as they were trained. instructions: None = the fastest here. Raises what `load_library` raises."""
        library = load_library(instructions)
        self.instructions = library.instructions
        self._forward = library.functions.forward
        self._forward.argtypes = [c_void_p, c_void_p, c_void_p, c_int32, c_int32, c_void_p]
        self._kept: list[npt.NDArray[Any]] = []
        self._model = self._described(weights, wide)

    def __call__(self, ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], threads: int) -> Floats:
        """Last hidden states, float32 [tokens, hidden].

        ids: int32 [tokens]. offsets: int64 [n + 1], where each text begins, and where the last ends. Raises ModelError
        for ids that the model does not have, and texts longer than its positions.
        """
        ids, offsets = np.ascontiguousarray(ids, np.int32), np.ascontiguousarray(offsets, np.int64)
        states = np.empty((len(ids), self._model.hidden), np.float32)
        model = ctypes.addressof(self._model)
        n = len(offsets) - 1
        fault = self._forward(model, ids.ctypes.data, offsets.ctypes.data, n, threads, states.ctypes.data)
        if fault:
            raise ModelError(f'encoder "native" met {FAULTS[fault]}')
        return states

    def _described(self, weights: BertWeights, wide: Wide) -> _Model:
        """What the kernels read: addresses of arrays that this object keeps."""

        def named(name: str) -> Floats:
            return weights.tensors[name].numpy()

        word = named("embeddings.word_embeddings.weight")
        segment = named("embeddings.token_type_embeddings.weight")[0]
        position = named("embeddings.position_embeddings.weight") + segment
        layers = [self._layer(named, f"encoder.layer.{n}", wide) for n in range(weights.layers)]
        return _Model(
            layers=weights.layers,
            hidden=word.shape[1],
            heads=weights.heads,
            vocabulary=len(word),
            positions=len(position),
            norm_eps=weights.norm_eps,
            word=self._at(word),
            position=self._at(position),
            embedded_norm=self._norm(named, "embeddings.LayerNorm"),
            layer=(_Layer * weights.layers)(*layers),
        )

    def _layer(self, named: Named, layer: str, wide: Wide) -> _Layer:
        first_bits, bits = ACTIVATION_BITS[wide]
        parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        joined = [np.concatenate([named(f"{part}.{kind}") for part in parts]) for kind in ("weight", "bias")]
        return _Layer(
            self._weights(joined[0], joined[1], first_bits),
            *(
                self._weights(named(f"{layer}.{part}.weight"), named(f"{layer}.{part}.bias"), bits)
                for part in ("attention.output.dense", "intermediate.dense", "output.dense")
            ),
            *(self._norm(named, f"{layer}.{part}") for part in ("attention.output.LayerNorm", "output.LayerNorm")),
        )

    def _weights(self, weight: Floats, bias: Floats, activation_bits: int) -> _Weights:
        """weight: [outputs, inputs]."""
        outputs, inputs = weight.shape
        codes, scales = quantised_rows(weight)
        arrays = (packed(codes), scales, bias, codes.sum(axis=1, dtype=np.int32))
        return _Weights(*map(self._at, arrays), inputs, outputs, activation_bits // 8)

    def _norm(self, named: Named, name: str) -> _Norm:
        return _Norm(self._at(named(f"{name}.weight")), self._at(named(f"{name}.bias")))

    def _at(self, array: npt.NDArray[Any]) -> int:
        """The address of the array, which stays."""
        self._kept.append(np.ascontiguousarray(array))
        return int(self._kept[-1].ctypes.data)


def load_native(files: ModelFiles, wide: Wide) -> tuple[NativeBert, Mapping[str, int]]:
    """A plain BERT, and its products with weights, counted by precision.

    Raises BadOptions for any other model, ModelError, MissingDevice, MissingLibrary.
    """
    weights = bert_weights(files)
    if weights is None:
        raise BadOptions(f'encoder "native" is for plain BERTs, and "{files.name}" is none. Next: kind = "int8"')
    hidden = weights.tensors["embeddings.word_embeddings.weight"].shape[1]
    expanded = weights.tensors["encoder.layer.0.intermediate.dense.bias"].shape[0]
    if hidden % WIDTH_UNIT or expanded % WIDTH_UNIT or hidden // weights.heads % HEAD_UNIT:
        raise BadOptions(
            f'encoder "native": "{files.name}" has sizes {hidden} and {expanded}, and {weights.heads} heads; it takes '
            f'multiples of {WIDTH_UNIT}, and heads of a multiple of {HEAD_UNIT}. Next: kind = "int8"'
        )
    return NativeBert(weights, wide), _products(weights, wide)


def _products(weights: BertWeights, wide: Wide) -> dict[str, int]:
    first = ATTENTION_PRODUCTS * weights.layers
    first_bits, bits = ACTIVATION_BITS[wide]
    counts = {PRECISIONS[first_bits]: first}
    counts[PRECISIONS[bits]] = counts.get(PRECISIONS[bits], 0) + weights.n_products - first
    return dict(sorted(counts.items()))


def quantised_rows(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Codes int8 of weight's shape, from −127 to 127, and a scale a row: weight ≈ codes · scales."""
    scales = np.maximum(np.abs(weight).max(axis=1) / LARGEST_WEIGHT, SMALLEST_SCALE).astype(np.float32)
    return np.rint(weight / scales[:, np.newaxis]).astype(np.int8), scales


def packed(codes: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    """Codes [outputs, inputs] shifted to be unsigned, as [outputs / 16, inputs / 4, 16, 4]."""
    shifted = (codes.astype(np.int16) + UNSIGNED_SHIFT).astype(np.uint8)
    blocks = shifted.reshape(len(codes) // LANES, LANES, codes.shape[1] // DOT, DOT)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3))
