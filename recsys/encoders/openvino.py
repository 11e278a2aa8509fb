"""A transformer in OpenVINO on a CPU: fp32, bf16, or static int8 beside bf16."""

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
from recsys.encoders.pretrained import LoadedModel, PretrainedEncoder, PretrainedOptions, described
from recsys.encoders.runtime import Runtime
from recsys.encoders.streams import Streams
from recsys.models.artefacts import ArtefactCache
from recsys.options import OptionsModel

if TYPE_CHECKING:
    import openvino

REQUIRES = ("openvino", "nncf", "torch", "transformers", "tokenizers", "filelock")
EXTRA = "openvino"

BATCH_TOLERANCE = {"fp32": 1e-6, "bf16": 2e-3, "int8": 5e-3}
"""Largest 1 − cosine between a text alone and in a batch: other tile sizes sum in another order. Scales are fixed."""


class OpenvinoOptions(PretrainedOptions):
    """precision: of the products; int8 leaves to bf16 what it does not quantise.

    kept_share: with int8, the share of the layers, from the first on, whose feed-forward output stays in bf16.
    """

    precision: Literal["fp32", "bf16", "int8"] = "bf16"
    kept_share: float = Field(0.5, ge=0, le=1)


@ENCODERS.register("openvino")
class OpenvinoEncoder(PretrainedEncoder):
    """Runs a graph that is built once and kept in the artefact cache.

    bf16 is asked for, and taken where the CPU computes in it: `info.precision` and `info.products` say what runs. On
    several cores a batch alone takes them all, and of many each takes one; the first catalogue compiles it for that.
    """

    Options: ClassVar[type[OptionsModel]] = OpenvinoOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: OpenvinoOptions, runtime: Runtime) -> None:
        """Build the graph when no cached one is right. Raises ModelError, BadOptions."""
        from recsys.models.openvino_graph import executed_products

        model = described(options, options.precision, BATCH_TOLERANCE[options.precision])
        super().__init__(options, runtime, model)
        graph = self._graph(options, model)
        compiled = _compile(graph, options.precision, runtime.threads, streams=1)
        products = executed_products(compiled)
        executed = options.precision if options.precision in products else "fp32"
        self.info = replace(self.info, precision=executed, products=products)
        self._request = compiled.create_infer_request()
        if runtime.threads > 1:
            self._streams = Streams(runtime.threads, partial(_one_core_each, graph, options.precision, runtime.threads))

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        visible = np.ones(ids.shape, np.int32) if mask is None else mask.astype(np.int32)
        vectors: npt.NDArray[np.float32] = self._own(self._request).infer([ids, visible])[0]
        return vectors

    def _graph(self, options: OpenvinoOptions, model: LoadedModel) -> Path:
        from recsys.models import openvino_graph as graphs

        files, pooling = model.files, options.pooling
        if options.precision != "int8":
            recipe = graphs.float_recipe(files, pooling)
            return ArtefactCache().get(recipe, lambda path: graphs.build_float_graph(files, pooling, path))
        kept_share = options.kept_share
        return ArtefactCache().get(
            graphs.int8_recipe(files, pooling, kept_share),
            lambda path: graphs.build_int8_graph(files, pooling, kept_share, self._tokenizer, path),
        )


def _one_core_each(graph: Path, precision: str, threads: int) -> Callable[[], openvino.InferRequest]:
    """What makes each stream its own request."""
    compiled = _compile(graph, precision, threads, streams=threads)
    return lambda: compiled.create_infer_request()


def _compile(path: Path, precision: str, threads: int, streams: int) -> openvino.CompiledModel:
    """For so many requests at a time, among which the threads are shared out."""
    import openvino

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32" if precision == "fp32" else "bf16",
    }
    core = openvino.Core()
    return core.compile_model(core.read_model(path), "CPU", settings)
