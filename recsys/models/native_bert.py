"""A plain BERT in the project's own kernels (native/bert.cpp): packed here, computed there."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import Structure, c_int32, c_int64, c_void_p
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.errors import BadOptions, MissingDevice, ModelError
from recsys.models.bert_weights import BertWeights, bert_weights, is_plain_bert
from recsys.models.load import read_config
from recsys.models.locate import ModelFiles
from recsys.models.native_forms import Array, Floats, Form, Norm, layer_type, model_type
from recsys.models.native_library import INSTEAD, Instructions, NativeLibrary, load_library

Named: TypeAlias = Callable[[str], Floats]

WIDTH_UNIT, HEAD_UNIT = 64, 32
"""What a hidden size and that of a head are multiples of: the kernels have no code for the rest of a register."""
LINE_BYTES = 64
FAULTS = {
    1: "a token id outside the model's vocabulary. Next: the tokenizer of this model",
    2: "a text longer than the model's positions. Next: a smaller max_tokens",
    3: "offsets that are not those of its ids. Next: 0, ends of texts in ascending order, then the number of ids",
    4: "a batch that the memory has no room for. Next: fewer texts at once",
}


class NativeBert:
    """A BERT ready to run on texts that lie end to end. Its states are the same bits in any batch, by any threads.

    Of each thread that calls it, the memory of its largest batch stays until that thread ends.
    """

    def __init__(self, weights: BertWeights, form: Form, instructions: Instructions | None = None) -> None:
        """weights: as they were trained. instructions: None = the fastest here. Raises what `load_library` raises.

        MissingDevice also for a form that they do not multiply, and ModelError for weights that are no finite numbers.
        """
        library = load_library(instructions)
        self.instructions = library.instructions
        if not hasattr(library.functions, form.function):
            raise MissingDevice(
                'encoder "native": precision = "bf16", for which this CPU has no instructions. Next: precision = "int8"'
            )
        self._forward = getattr(library.functions, form.function)
        self._forward.argtypes = [c_void_p, c_void_p, c_void_p, c_int32, c_int64, c_int32, c_void_p]
        self._kept: list[Array] = []
        self._hidden = weights.tensors["embeddings.word_embeddings.weight"].shape[1]
        self._model = self._described(weights, form)

    def __call__(self, ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], threads: int) -> Floats:
        """Last hidden states, float32 [tokens, hidden].

        ids: int32 [tokens]. offsets: int64 [n + 1], where each text begins, and where the last ends. Raises ModelError
        for ids that the model does not have, and texts longer than its positions.
        """
        ids, offsets = np.ascontiguousarray(ids, np.int32), np.ascontiguousarray(offsets, np.int64)
        states = np.empty((len(ids), self._hidden), np.float32)
        model = ctypes.addressof(self._model)
        texts = len(offsets) - 1
        at_ids, at_offsets, at_states = ids.ctypes.data, offsets.ctypes.data, states.ctypes.data
        fault = self._forward(model, at_ids, at_offsets, texts, len(ids), threads, at_states)
        if fault:
            raise ModelError(f'encoder "native" met {FAULTS[fault]}')
        return states

    def _described(self, weights: BertWeights, form: Form) -> Structure:
        """What the kernels read: addresses of arrays that this object keeps."""

        def named(name: str) -> Floats:
            tensor: Floats = weights.tensors[name].numpy()
            if not np.isfinite(tensor).all():
                raise ModelError(f'encoder "native": {name} holds no finite numbers. Next: fetch the model again')
            return tensor

        segment = named("embeddings.token_type_embeddings.weight")[0]
        word, position = named("embeddings.word_embeddings.weight"), named("embeddings.position_embeddings.weight")
        a_layer = layer_type(form.structure)
        layers = [a_layer(*self._layer(named, form, f"encoder.layer.{n}")) for n in range(weights.layers)]
        return model_type(a_layer)(
            layers=weights.layers,
            hidden=self._hidden,
            heads=weights.heads,
            vocabulary=len(word),
            positions=len(position),
            norm_eps=weights.norm_eps,
            word=self._at(word),
            position=self._at(position + segment),
            embedded_norm=self._norm(named, "embeddings.LayerNorm"),
            layer=(a_layer * weights.layers)(*layers),
        )

    def _layer(self, named: Named, form: Form, layer: str) -> list[Structure]:
        """Its products, then its norms."""
        parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        weight, bias = (np.concatenate([named(f"{part}.{kind}") for part in parts]) for kind in ("weight", "bias"))
        others = [f"{layer}.{part}" for part in ("attention.output.dense", "intermediate.dense", "output.dense")]
        return [
            self._weights(form, weight, bias, of_attention=True),
            *(self._weights(form, named(f"{at}.weight"), named(f"{at}.bias"), of_attention=False) for at in others),
            *(self._norm(named, f"{layer}.{part}") for part in ("attention.output.LayerNorm", "output.LayerNorm")),
        ]

    def _weights(self, form: Form, weight: Floats, bias: Floats, *, of_attention: bool) -> Structure:
        """weight: [outputs, inputs]."""
        outputs, inputs = weight.shape
        addresses = map(self._at, form.arrays(weight, bias))
        return form.structure(*addresses, inputs, outputs, *form.numbers(of_attention=of_attention))

    def _norm(self, named: Named, name: str) -> Norm:
        return Norm(self._at(named(f"{name}.weight")), self._at(named(f"{name}.bias")))

    def _at(self, array: npt.NDArray[Any]) -> int:
        """The address of a copy of the array, which stays; a cache line begins there."""
        room = np.empty(array.nbytes + LINE_BYTES, np.uint8)
        start = -room.ctypes.data % LINE_BYTES
        copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        copy[...] = array
        self._kept.append(copy)
        return int(copy.ctypes.data)


def load_native(
    files: ModelFiles, form: Form, instructions: Instructions | None = None
) -> tuple[NativeBert, dict[str, int]]:
    """A plain BERT, and its products with weights, counted by precision.

    Raises BadOptions for any other model, ModelError, MissingDevice, MissingLibrary.
    """
    require_native(files)
    weights = bert_weights(files)
    if weights is None:
        raise BadOptions(f'encoder "native": "{files.name}" names its tensors otherwise. Next: {INSTEAD}')
    return NativeBert(weights, form, instructions), form.products(weights)


def require_native(files: ModelFiles, instructions: Instructions | None = None) -> NativeLibrary:
    """The library that runs the model. Raises as load_native, before any weight is read."""
    config = read_config(files)
    if not is_plain_bert(config):
        raise BadOptions(f'encoder "native" is for plain BERTs, and "{files.name}" is none. Next: {INSTEAD}')
    hidden, expanded, heads = (config[name] for name in ("hidden_size", "intermediate_size", "num_attention_heads"))
    if hidden % WIDTH_UNIT or expanded % WIDTH_UNIT or hidden // heads % HEAD_UNIT:
        raise BadOptions(
            f'encoder "native": "{files.name}" has sizes {hidden} and {expanded}, and {heads} heads; it takes '
            f"multiples of {WIDTH_UNIT}, and heads of a multiple of {HEAD_UNIT}. Next: {INSTEAD}"
        )
    return load_library(instructions)
