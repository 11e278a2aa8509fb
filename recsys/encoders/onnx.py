"""A transformer in ONNX Runtime: fused fp32, or int8 with dynamic scales."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.models.artefacts import ArtefactCache
from recsys.models.onnx_graph import IDS, MASK, VECTORS, build_graph, count_products, recipe
from recsys.options import OptionsModel

if TYPE_CHECKING:
    import onnxruntime

REQUIRES = ("onnxruntime", "onnx", "torch", "transformers", "tokenizers", "filelock")

BATCH_TOLERANCE = {"fp32": 1e-6, "int8": 5e-2}
"""Largest 1 − cosine between a text alone and in a batch. int8 takes one activation scale a batch, so a text's vector
depends on its batch-mates."""


class OnnxOptions(PretrainedOptions):
    """precision: of the products. form: "fused", or "unfused", see recsys.models.onnx_graph.

    allow_spinning: idle threads spin for the next step, faster and at the cost of a core.
    batch_tokens: small batches stay in a core's cache and give int8 finer scales.
    one_thread_tokens: int8 batches of no more padded tokens are computed by one thread, as sharing a product of
    microseconds may cost more than it saves. 0 = none; otherwise the weights are held twice, and two sets of threads.
    """

    precision: Literal["fp32", "int8"] = "fp32"
    form: Literal["fused", "unfused"] = "fused"
    allow_spinning: bool = True
    batch_tokens: int = Field(512, ge=1)
    one_thread_tokens: int = Field(0, ge=0)


@ENCODERS.register("onnx")
class OnnxEncoder(PretrainedEncoder):
    """Runs a graph that is built once and kept in the artefact cache."""

    Options: ClassVar[type[OptionsModel]] = OnnxOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: OnnxOptions, runtime: Runtime) -> None:
        """Build the graph when no cached one is right. Raises ModelError, BadOptions."""
        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        super().__init__(options, runtime, model)
        path = ArtefactCache().get(
            recipe(model.files, options.precision, options.pooling, options.form),
            lambda target: build_graph(model.files, options.precision, options.pooling, target, options.form),
        )
        self.info = replace(self.info, products=count_products(path))
        self._session = _session(str(path), runtime.threads, options.allow_spinning)
        splits = options.precision == "int8" and runtime.threads > 1
        self._one_thread_tokens = options.one_thread_tokens if splits else 0
        self._one_thread = _session(str(path), 1, allow_spinning=False) if self._one_thread_tokens else self._session

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        visible = np.ones_like(ids) if mask is None else mask.astype(np.int32)
        session = self._one_thread if ids.size <= self._one_thread_tokens else self._session
        vectors: npt.NDArray[np.float32] = session.run([VECTORS], {IDS: ids, MASK: visible})[0]
        return vectors


def _session(path: str, threads: int, allow_spinning: bool) -> onnxruntime.InferenceSession:
    """A session with its threads fixed."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.add_session_config_entry("session.intra_op.allow_spinning", str(int(allow_spinning)))
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
