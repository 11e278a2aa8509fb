"""A decoder-only language model in PyTorch: the state of each text's last token, as Qwen3-Embedding and its kin do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import ModelOptions, PretrainedEncoder, described
from recsys.encoders.runtime import Runtime
from recsys.models.load import load_module
from recsys.models.precision import at_precision
from recsys.options import OptionsModel

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")

BATCH_TOLERANCE = {"fp32": 1e-5, "bf16": 5e-3, "fp16": 5e-4, "fp8": 5e-3}
"""Largest 1 − cosine between a text alone and in a batch: sums in another order, over up to some thirty layers."""


class CausalLmOptions(ModelOptions):
    r"""model: a hub id, a folder, or the name of a shipped configuration with weights = "random".

    These are "qwen3-0.6b", "qwen3-4b", "qwen3-8b", "smollm2-135m" and "qwen3-tiny".
    prompt: the instruction that the model was trained with, such as "Instruct: …\nQuery:". pooling: the state of the
    last token, or the mean of all. precision: of weights and activations; pooling and the norm are always fp32. "fp8"
    is that of the wide products on a GPU (recsys.models.fp8), beside bf16.
    """

    model: str = Field("Qwen/Qwen3-Embedding-0.6B", min_length=1)
    pooling: Literal["last", "mean"] = "last"
    precision: Literal["fp32", "bf16", "fp16", "fp8"] = "fp32"


@ENCODERS.register("causal_lm")
class CausalLmEncoder(PretrainedEncoder):
    """Any decoder of Hugging Face transformers, without its language head.

    Texts end in the model's end-of-text token, whether its tokenizer puts it there or not.
    """

    Options: ClassVar[type[OptionsModel]] = CausalLmOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    WANTS_CLOCK: ClassVar[bool] = False
    EXACT: ClassVar[Mapping[str, object]] = {"kind": "causal_lm", "precision": "fp32", "batch_tokens": 1024}

    def __init__(self, options: CausalLmOptions, runtime: Runtime) -> None:
        """Load the model. threads are set for all of PyTorch in this process.

        Raises ModelError, BadOptions, and MissingDevice for fp8 on a device that lacks it.
        """
        import torch

        from recsys.models.decoder import causal_states, missing_ending
        from recsys.models.fp8 import require_fp8
        from recsys.models.pooling import embedder

        if options.precision == "fp8":
            require_fp8(runtime.device)
        torch.set_num_threads(runtime.threads)
        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        module = load_module(model.files)
        products = at_precision(module, runtime.device, options.precision)
        super().__init__(options, runtime, replace(model, ending=missing_ending(model.files), products=products))
        self._run = embedder(causal_states(module), runtime.device, options.pooling)

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        return self._run(ids, mask)
