"""A transformer in ONNX Runtime: fused fp32, int8 with dynamic scales, or fp16 on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Streams
from recsys.errors import BadOptions, MissingDevice, MissingLibrary
from recsys.models.artefacts import ArtefactCache
from recsys.models.onnx_graph import IDS, MASK, VECTORS, OnnxForm, build_graph, count_products, recipe
from recsys.options import OptionsModel

if TYPE_CHECKING:
    import onnxruntime

CUDA = "CUDAExecutionProvider"
REQUIRES = ("onnxruntime", "onnx", "torch", "transformers", "tokenizers", "filelock")

BATCH_TOLERANCE = {"fp32": 1e-6, "fp16": 1e-4, "int8": 5e-2}
"""Largest 1 − cosine between a text alone and in a batch. int8 takes one activation scale a batch, so a text's vector
depends on its batch-mates."""


class OnnxOptions(PretrainedOptions):
    """precision: of the products; int8 is for a CPU, fp16 for a GPU. form: see recsys.models.onnx_graph.

    allow_spinning: idle threads spin for the next step, faster and at the cost of a core.
    batch_tokens: small batches stay in a core's cache and give int8 finer scales.
    """

    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    form: Literal["fused", "unfused"] = "fused"
    allow_spinning: bool = True
    batch_tokens: int = Field(512, ge=1)


@ENCODERS.register("onnx")
class OnnxEncoder(PretrainedEncoder):
    """Runs a graph that is built once and kept in the artefact cache.

    On several cores of a CPU a batch alone takes them all, and of many each takes one. ONNX Runtime fixes the threads
    of a session, so the first catalogue makes a second, and the weights are held twice from then on.
    """

    Options: ClassVar[type[OptionsModel]] = OnnxOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: OnnxOptions, runtime: Runtime) -> None:
        """Build the graph when no cached one is right.

        Raises ModelError, BadOptions, and MissingLibrary for a GPU without ONNX Runtime's build for it.
        """
        on_gpu = runtime.device != "cpu"
        _require_possible(options, runtime.device)
        form: OnnxForm = "for_gpu" if on_gpu and options.form == "fused" else options.form
        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        super().__init__(options, runtime, model)
        path = ArtefactCache().get(
            recipe(model.files, options.precision, options.pooling, form),
            lambda target: build_graph(model.files, options.precision, options.pooling, target, form),
        )
        self.info = replace(self.info, products=count_products(path))
        settings = _settings(runtime.threads, options.allow_spinning)
        self._session = _on_gpu(path, settings, runtime.device) if on_gpu else _on_cpu(path, settings)
        if runtime.threads > 1 and not on_gpu:
            self._streams = Streams(runtime.threads, partial(_one_core, path))

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        visible = np.ones(ids.shape, np.int32) if mask is None else mask.astype(np.int32)
        vectors: npt.NDArray[np.float32] = self._own(self._session).run([VECTORS], {IDS: ids, MASK: visible})[0]
        return vectors


def _require_possible(options: OnnxOptions, device: str) -> None:
    """Raise BadOptions for a precision without products there, MissingLibrary for a GPU without its build."""
    import onnxruntime

    slow = "fp16" if device == "cpu" else "int8"
    if options.precision == slow:
        raise BadOptions(
            f'encoder "onnx": ONNX Runtime has no {slow} products for "{device}" and would convert each. '
            f'Next: precision = "{"int8" if device == "cpu" else "fp16"}"'
        )
    if device != "cpu" and CUDA not in onnxruntime.get_available_providers():
        raise MissingLibrary(
            f'encoder "onnx" on "{device}": this ONNX Runtime is built for CPUs. '
            "Next: pip uninstall -y onnxruntime && pip install onnxruntime-gpu"
        )


def _settings(threads: int, allow_spinning: bool) -> onnxruntime.SessionOptions:
    """Of a session, its threads fixed."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.add_session_config_entry("session.intra_op.allow_spinning", str(int(allow_spinning)))
    return settings


def _on_cpu(path: Path, settings: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def _one_core(path: Path) -> Callable[[], onnxruntime.InferenceSession]:
    """One session for all streams: without threads of its own, each run stays on its caller's."""
    session = _on_cpu(path, _settings(1, False))
    return lambda: session


def _on_gpu(path: Path, settings: onnxruntime.SessionOptions, device: str) -> onnxruntime.InferenceSession:
    """fp32 stays fp32: by default its products would be rounded to TF32. Raises MissingDevice."""
    import onnxruntime

    provider = {"device_id": int(device.partition(":")[2] or 0), "use_tf32": 0}
    session = onnxruntime.InferenceSession(str(path), settings, providers=[(CUDA, provider)])
    if CUDA not in session.get_providers():  # it falls back to the CPU where CUDA's libraries cannot be loaded
        raise MissingDevice(
            f'encoder "onnx": ONNX Runtime cannot use "{device}", and its log says why. '
            "Next: the versions of CUDA and cuDNN that it was built with"
        )
    session.disable_fallback()  # or a fault of the GPU would be hidden, and the rest computed on the CPU
    return session
