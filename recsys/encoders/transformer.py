"""A transformer in PyTorch: the exact fp32 reference, or bf16, fp16 and fp8."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Streams
from recsys.errors import BadOptions, MissingDevice
from recsys.models.cpu_features import has_bf16_products
from recsys.models.locate import ModelFiles
from recsys.options import OptionsModel

if TYPE_CHECKING:
    from recsys.models.encoder import RunnableEncoder

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")

BATCH_TOLERANCE = {"fp32": 1e-6, "bf16": 2e-3, "fp16": 1e-4, "fp8": 5e-3}
"""Largest 1 − cosine between a text alone and in a batch: other tile sizes sum in another order."""


class TransformerOptions(PretrainedOptions):
    """precision: of weights and activations; pooling and the norm are always fp32.

    "fp8" is that of the wide products alone, beside bf16, on a GPU (recsys.models.fp8).
    batch_tokens: on a CPU a batch is one core's, so that its activations stay in that core's cache.
    compiled: by torch.compile, which takes a C++ compiler on a CPU, and half a minute the first time.
    graphs: on a GPU, one CUDA graph a bucket of batch and length (recsys.models.graph_buckets).
    unpadded: padding goes through no product (recsys.models.unpadded_bert).
    """

    precision: Literal["fp32", "bf16", "fp16", "fp8"] = "fp32"
    batch_tokens: int = Field(512, ge=1)
    compiled: bool = False
    graphs: bool = False
    unpadded: bool = False


@ENCODERS.register("transformer")
class TransformerEncoder(PretrainedEncoder):
    """Any encoder of Hugging Face transformers; plain BERTs, such as MiniLM, run through recsys.models.bert."""

    Options: ClassVar[type[OptionsModel]] = TransformerOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: TransformerOptions, runtime: Runtime) -> None:
        """Load the model. threads are set for all of PyTorch in this process.

        Raises ModelError, BadOptions, MissingDevice for a precision that the device lacks, MissingLibrary where it is
        to be compiled and there is no compiler.
        """
        import torch

        from recsys.models.pooling import embedder

        _require_possible(options, runtime.device)
        torch.set_num_threads(runtime.threads)
        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        encoder = _load(options, model.files, runtime.device)
        super().__init__(options, runtime, replace(model, products=encoder.products))
        self.info = replace(self.info, pads=encoder.pads)
        self._run = embedder(encoder.states, runtime.device, options.pooling)
        if runtime.device == "cpu" and runtime.threads > 1 and not options.compiled:
            self._streams = Streams(runtime.threads, lambda: partial(torch.set_num_threads, 1))
            self._streams.start()
            torch.set_num_threads(runtime.threads)  # again: part of it is one number for the whole process
        if options.graphs:
            from recsys.models.cuda_graph import CudaGraphRun
            from recsys.models.graph_buckets import BucketedRuns

            capture = partial(CudaGraphRun, encoder.states, options.pooling, runtime.device)
            self._run = BucketedRuns(capture, eager=self._run)

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        return self._run(ids, mask)


def _require_possible(options: TransformerOptions, device: str) -> None:
    """Raise BadOptions for options that exclude each other, MissingDevice for a precision that the device lacks."""
    from recsys.models.fp8 import require_fp8

    if options.graphs and (options.compiled or not device.startswith("cuda")):
        raise BadOptions(
            f'encoder "transformer": graphs = true is for a model that is not compiled, on a GPU; device is '
            f'"{device}". Next: leave graphs out, or device = "cuda"'
        )
    if options.unpadded and (options.compiled or options.graphs or options.precision == "fp8"):
        raise BadOptions(
            'encoder "transformer": unpadded = true is for a model that is neither compiled nor a graph, nor fp8: its '
            "batches have no fixed shape. Next: leave one of them out"
        )
    if options.precision == "bf16" and device == "cpu" and not has_bf16_products():
        raise MissingDevice(
            'encoder "transformer": precision = "bf16", and this CPU has no instructions for it: a product would '
            'take a hundred times as long as in fp32. Next: precision = "fp32", or kind = "int8"'
        )
    if options.precision == "fp8":
        require_fp8(device)


def _load(options: TransformerOptions, files: ModelFiles, device: str) -> RunnableEncoder:
    """The model in the form that the options ask for. Raises what the loader raises."""
    if options.compiled:
        from recsys.models.compiled import load_compiled as load
    elif options.unpadded:
        from recsys.models.unpadded_bert import load_unpadded as load
    else:
        from recsys.models.encoder import load_encoder as load
    return load(files, device, options.precision)
