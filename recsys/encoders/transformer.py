"""A transformer in PyTorch: the exact fp32 reference, or bf16 and fp16."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Streams
from recsys.errors import BadOptions, MissingDevice
from recsys.models.cpu_features import has_bf16_products
from recsys.models.precision import torch_dtype
from recsys.options import OptionsModel

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")

BATCH_TOLERANCE = {"fp32": 1e-6, "bf16": 2e-3, "fp16": 1e-4}
"""Largest 1 − cosine between a text alone and in a batch: other tile sizes sum in another order."""


class TransformerOptions(PretrainedOptions):
    """precision: of weights and activations; pooling and the norm are always fp32.

    batch_tokens: on a CPU a batch is one core's, so that its activations stay in that core's cache.
    compiled: by torch.compile, which takes a C++ compiler on a CPU, and half a minute the first time.
    graphs: on a GPU, one CUDA graph a bucket of batch and length (recsys.models.graph_buckets).
    """

    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    batch_tokens: int = Field(512, ge=1)
    compiled: bool = False
    graphs: bool = False


@ENCODERS.register("transformer")
class TransformerEncoder(PretrainedEncoder):
    """Any encoder of Hugging Face transformers; plain BERTs, such as MiniLM, run through recsys.models.bert."""

    Options: ClassVar[type[OptionsModel]] = TransformerOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: TransformerOptions, runtime: Runtime) -> None:
        """Load the model. threads are set for all of PyTorch in this process.

        Raises ModelError, BadOptions, MissingDevice for bf16 on a CPU that lacks it, MissingLibrary where it is to be
        compiled and there is no compiler.
        """
        import torch

        from recsys.models.compiled import load_compiled
        from recsys.models.encoder import load_encoder
        from recsys.models.pooling import embedder

        if options.graphs and (options.compiled or not runtime.device.startswith("cuda")):
            raise BadOptions(
                f'encoder "transformer": graphs = true is for a model that is not compiled, on a GPU; device is '
                f'"{runtime.device}". Next: leave graphs out, or device = "cuda"'
            )
        if options.precision == "bf16" and runtime.device == "cpu" and not has_bf16_products():
            raise MissingDevice(
                'encoder "transformer": precision = "bf16", and this CPU has no instructions for it: a product would '
                'take a hundred times as long as in fp32. Next: precision = "fp32", or kind = "int8"'
            )
        torch.set_num_threads(runtime.threads)
        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        load = load_compiled if options.compiled else load_encoder
        encoder = load(model.files, runtime.device, torch_dtype(options.precision))
        super().__init__(options, runtime, replace(model, products={options.precision: encoder.n_products}))
        self._run = embedder(encoder.states, runtime.device, options.pooling)
        self._streams: Streams | None = None
        if runtime.device == "cpu" and runtime.threads > 1 and not options.compiled:
            self._streams = Streams(runtime.threads, partial(torch.set_num_threads, 1))
            self._each = self._streams.map
            torch.set_num_threads(runtime.threads)  # again: part of it is one number for the whole process
        if options.graphs:
            from recsys.models.cuda_graph import CudaGraphRun
            from recsys.models.graph_buckets import BucketedRuns

            capture = partial(CudaGraphRun, encoder.states, options.pooling, runtime.device)
            self._run = BucketedRuns(capture, eager=self._run)

    def close(self) -> None:
        """End the threads that encode a catalogue."""
        if self._streams:
            self._streams.close()

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        return self._run(ids, mask)
