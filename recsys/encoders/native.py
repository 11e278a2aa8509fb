"""A BERT in this project's own kernels, int8 or bf16, for CPUs with AVX-512 VNNI or AMX."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Streams
from recsys.models.native_forms import Bf16Form, Int8Form, Wide
from recsys.models.native_library import Instructions
from recsys.models.ragged_pooling import pool_ragged
from recsys.options import OptionsModel
from recsys.types import TokenIds

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "filelock")

ONE_THREAD = 1
"""What a stream computes a batch with."""
BATCH_TOLERANCE = 1e-6
"""Of float32 arithmetic in the comparison itself: a text's vector is the same bits in any batch."""


class NativeOptions(PretrainedOptions):
    """precision: of the weights. With bf16 the activations have it too.

    wide: with int8, what takes activations of 16 bits instead of 8: no product, those to queries, keys and values, or
    all. Each loses less of the exact ranking than the one before, and takes longer.

    instructions: None = AMX where CPU and system have it, otherwise AVX-512.
    batch_tokens: of a batch of many texts, which one core computes.
    """

    precision: Literal["int8", "bf16"] = "int8"
    wide: Wide = "attention"
    instructions: Instructions | None = None
    batch_tokens: int = Field(256, ge=1)

    @model_validator(mode="after")
    def _wide_is_of_int8(self) -> Self:
        if self.precision == "bf16" and "wide" in self.model_fields_set:
            raise ValueError("wide is for precision int8: bf16 has 16 bits throughout")
        return self


@ENCODERS.register("native")
class NativeEncoder(PretrainedEncoder):
    """Plain BERTs, such as MiniLM; compiled on first use, which takes a C++ compiler and some seconds.

    `info.form` says by which instructions. No text is padded. On several cores a batch alone takes them all, and of
    many each takes one.
    """

    Options: ClassVar[type[OptionsModel]] = NativeOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: NativeOptions, runtime: Runtime) -> None:
        """Compile, and pack the weights. Raises ModelError, BadOptions for a model that is no plain BERT.

        MissingDevice without the instructions, MissingLibrary without a compiler.
        """
        from recsys.models.native_bert import load_native

        form = Int8Form(options.wide) if options.precision == "int8" else Bf16Form()
        model = described(options, options.precision, BATCH_TOLERANCE)
        super().__init__(options, runtime, model)
        self._bert, products = load_native(model.files, form, options.instructions)
        self.info = replace(
            self.info,
            products=products,
            form=self._bert.instructions,
            pads=False,
            batch_tokens=options.batch_tokens * runtime.threads,
        )
        self._pooling = options.pooling
        if runtime.threads > 1:
            self._streams = Streams(runtime.threads, lambda: lambda: ONE_THREAD)

    def forward(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        """float32 [n, dim]; nothing is padded."""
        if not len(prepared):
            return np.empty((0, self.info.dim), np.float32)
        states = self._bert(prepared.ids, prepared.offsets, self._own(self.info.threads))
        return pool_ragged(states, prepared.offsets, self._pooling)
