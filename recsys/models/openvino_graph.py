"""A PyTorch encoder to an OpenVINO graph with pooling inside, as it is or with static int8 products.

Read through OpenVINO's own PyTorch front end with SDPA attention, which its CPU plugin runs as one operator: the detour
over ONNX with eager attention gives four fifths of the speed.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.data.embedded import read_catalogue
from recsys.models.artefacts import Recipe
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles
from recsys.types import TokenIds

if TYPE_CHECKING:
    import openvino

    from recsys.models.pooling import Pooling
    from recsys.models.tokenizer import TextTokenizer

RECIPE_VERSION = 1
"""Raise when a change here changes the graphs, so that cached ones are not used."""
CALIBRATION_TEXTS = 300
TITLES_A_HISTORY = 10
_SEED = 1
_LAYER = re.compile(r"layer\.(\d+)\.")


def float_recipe(files: ModelFiles, pooling: Pooling) -> Recipe:
    """Everything that a graph of float products depends on; fp32 and bf16 are chosen when it is compiled."""
    return Recipe(f"{Path(files.name).name}-openvino", "model.xml", _inputs(files, pooling))


def int8_recipe(files: ModelFiles, pooling: Pooling, kept_share: float) -> Recipe:
    """The same of a quantised graph. kept_share: see `build_int8_graph`."""
    inputs = _inputs(files, pooling) | {"kept_share": kept_share, "nncf": version("nncf")}
    return Recipe(f"{Path(files.name).name}-openvino-int8", "model.xml", inputs)


def build_float_graph(files: ModelFiles, pooling: Pooling, path: Path) -> None:
    """Write the graph's description to path, its weights, as fp32, beside it. Raises ModelError."""
    _save(_convert(files, pooling), path)


def build_int8_graph(
    files: ModelFiles, pooling: Pooling, kept_share: float, tokenizer: TextTokenizer, path: Path
) -> None:
    """Static int8 products: scales fixed once, from texts of the shipped catalogue, so no text depends on its batch.

    Activations are smoothed into weights first (Xiao et al., SmoothQuant, ICML 2023). kept_share: of the layers, from
    the first on, whose feed-forward output keeps its float products: its inputs have the widest range, and errors of
    early layers are carried through all that follow. Raises ModelError.
    """
    import nncf

    graph = _convert(files, pooling)
    texts = tokenizer(calibration_texts())
    nncf.set_log_level(logging.ERROR)
    quantised = nncf.quantize(
        graph,
        nncf.Dataset(list(_inputs_of(texts))),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=CALIBRATION_TEXTS,
        ignored_scope=nncf.IgnoredScope(names=kept_products(graph, kept_share), validate=False),
    )
    _save(quantised, path)


def calibration_texts() -> list[str]:
    """What the scales of int8 are taken from: titles alone, as a catalogue has them, and joined, as profiles do."""
    titles = [item.title for item in read_catalogue()]
    drawn = np.random.default_rng(_SEED)
    alone = drawn.choice(len(titles), CALIBRATION_TEXTS // 2, replace=False)
    joined = drawn.integers(0, len(titles), (CALIBRATION_TEXTS - len(alone), TITLES_A_HISTORY))
    return [titles[place] for place in alone] + [", ".join(titles[place] for place in row) for row in joined]


def executed_products(compiled: openvino.CompiledModel) -> dict[str, int]:
    """Matrix products of the graph as it runs here, counted by precision: {"bf16": 12, "int8": 24}."""
    names = {"f32": "fp32", "i8": "int8", "u8": "int8"}
    counts: dict[str, int] = {}
    for node in compiled.get_runtime_model().get_ordered_ops():
        if str(node.get_rt_info()["layerType"].astype(str)) in ("FullyConnected", "MatMul"):
            precision = str(node.get_rt_info()["runtimePrecision"].astype(str))
            name = names.get(precision, precision)
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _inputs(files: ModelFiles, pooling: Pooling) -> dict[str, object]:
    return {
        "recipe_version": RECIPE_VERSION,
        "weights": files.weights_sha256 or files.revision,
        "pooling": pooling,
        "libraries": {name: version(name) for name in ("torch", "transformers", "openvino")},
    }


def _convert(files: ModelFiles, pooling: Pooling) -> openvino.Model:
    import openvino
    import torch

    from recsys.models.pooled_module import PooledModule, example_batch

    module = PooledModule(load_module(files), pooling).eval()
    shapes: Any = [openvino.PartialShape([-1, -1]), openvino.PartialShape([-1, -1])]
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer warns of shape checks that hold for all inputs
        return openvino.convert_model(module, example_input=example_batch(), input=shapes)


def kept_products(graph: openvino.Model, share: float) -> list[str]:
    """Names of the products that int8 leaves as they are: feed-forward outputs of the first share of the layers."""
    outputs = [
        (int(layer.group(1)), name)
        for node in graph.get_ordered_ops()
        if node.get_type_name() == "MatMul"
        and (layer := _LAYER.search(name := node.get_friendly_name()))
        and "output.dense" in name
        and "attention" not in name
    ]
    layers = 1 + max((layer for layer, _ in outputs), default=-1)
    return [name for layer, name in outputs if layer < share * layers]


def _inputs_of(texts: TokenIds) -> Iterator[Sequence[Any]]:
    """One text at a time, as the graph takes it."""
    for row in range(len(texts)):
        ids = texts.take(np.array([row])).ids[None, :]
        yield ids, np.ones_like(ids)


def _save(graph: openvino.Model, path: Path) -> None:
    import openvino

    openvino.save_model(graph, path, compress_to_fp16=False)
