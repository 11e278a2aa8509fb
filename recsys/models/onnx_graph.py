"""A PyTorch encoder to an ONNX graph with pooling inside: exported, fused, and brought to its precision.

A "fused" graph is exported by TorchScript with eager attention, because ONNX Runtime's optimizer finds the attention in
it: one node a layer, whose int8 weights keep 7 bits. An "unfused" one is exported by dynamo, in whose graphs that
optimizer finds none: more nodes, each product with 8 bits. A graph "for_gpu" is a fused one without what is faster on a
CPU alone. All take int32 ids and mask, and answer unit vectors in float32.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recsys.models.artefacts import Recipe
from recsys.models.cpu_features import cpu_features, has_int8_dot_product
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles
from recsys.models.onnx_rewrites import fold_segments, fold_shifts, normalise_by_instance

if TYPE_CHECKING:
    from onnxruntime.transformers.onnx_model import OnnxModel
    from transformers import PreTrainedModel

    from recsys.models.pooling import Pooling

OnnxPrecision = Literal["fp32", "fp16", "int8"]
OnnxForm = Literal["fused", "unfused", "for_gpu"]

RECIPE_VERSION = 3
"""Raise when a change here changes the graphs, so that cached ones are not used."""
OPSET = 17
IDS, MASK, VECTORS = "input_ids", "attention_mask", "sentence_embedding"
FUSED_AS_BERT = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra"})
"""Model types whose attention ONNX Runtime's "bert" optimizer recognises; others are exported as they are."""
NORMS = frozenset({"LayerNormalization", "SkipLayerNormalization", "EmbedLayerNormalization"})
PRODUCTS = frozenset({"MatMul", "Gemm", "Attention", "MatMulInteger", "QAttention"})
QUANTISED_OPERATORS = ["MatMul", "Gemm", "Attention"]
"""Products only: quantised embeddings would save no time and cost accuracy."""


def recipe(files: ModelFiles, precision: OnnxPrecision, pooling: Pooling, form: OnnxForm = "fused") -> Recipe:
    """Everything a graph depends on."""
    import onnxruntime

    exporters = ("onnxscript",) if form == "unfused" else ()
    libraries = {name: version(name) for name in ("torch", "transformers", "onnx", *exporters)}
    libraries["onnxruntime"] = onnxruntime.__version__  # its build for GPUs is installed by another name
    inputs = {
        "recipe_version": RECIPE_VERSION,
        "weights": files.weights_sha256 or files.revision,
        "precision": precision,
        "form": form,
        "pooling": pooling,
        "opset": OPSET,
        "libraries": libraries,
        "cpu": list(cpu_features()),
    }
    return Recipe(f"{Path(files.name).name}-{precision}", "model.onnx", inputs)


def build_graph(
    files: ModelFiles, precision: OnnxPrecision, pooling: Pooling, path: Path, form: OnnxForm = "fused"
) -> None:
    """Write the graph to path; what lies between goes to a temporary folder. Raises ModelError."""
    module = load_module(files, attention="eager")
    with tempfile.TemporaryDirectory() as folder:
        exported, floating = Path(folder) / "exported.onnx", Path(folder) / "floating.onnx"
        finish = {"int8": _quantise, "fp16": _halve}.get(precision)
        target = floating if finish else path
        if form == "unfused":
            _export_by_dynamo(module, pooling, target)
        else:
            _export(module, pooling, exported)
            _fuse(module, exported, target, form)
        if finish:
            finish(floating, path)


def count_products(path: Path) -> dict[str, int]:
    """Matrix products with weights of a graph by precision, such as {"fp32": 24}; a fused attention's three are one."""
    import onnx

    types = {onnx.TensorProto.FLOAT: "fp32", onnx.TensorProto.FLOAT16: "fp16"}
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name: types.get(tensor.data_type, "int8") for tensor in graph.initializer}
    counts: dict[str, int] = {}
    for node in graph.node:
        matrix = next((weights[name] for name in node.input[1:] if name in weights), None)
        if matrix is not None and node.op_type in PRODUCTS:
            counts[matrix] = counts.get(matrix, 0) + 1
    return dict(sorted(counts.items()))


def _export(module: PreTrainedModel, pooling: Pooling, path: Path) -> None:
    """TorchScript export of encoder and pooling, batch and length dynamic."""
    import torch

    from recsys.models.pooled_module import PooledModule, example_batch

    axes = {0: "texts", 1: "length"}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter is deprecated, and traces shape checks that hold for all inputs
        torch.onnx.export(
            PooledModule(module, pooling).eval(),
            example_batch(),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[IDS, MASK],
            output_names=[VECTORS],
            dynamic_axes={IDS: axes, MASK: axes, VECTORS: {0: "texts"}},
        )


def _export_by_dynamo(module: PreTrainedModel, pooling: Pooling, path: Path) -> None:
    """The same by PyTorch's newer exporter, which traces the model's Python."""
    import torch

    from recsys.models.pooled_module import PooledModule, example_batch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of each library that is not installed
    dim = torch.export.Dim  # of one token no text is: each has its special ones
    axes = {0: dim("texts", min=1, max=4096), 1: dim("length", min=2, max=module.config.max_position_embeddings)}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of libraries that this one has not been tried with
        program = torch.onnx.export(
            PooledModule(module, pooling).eval(),
            example_batch(),
            dynamo=True,
            dynamic_shapes=(axes, axes),
            input_names=[IDS, MASK],
            output_names=[VECTORS],
            verbose=False,
        )
        assert program is not None, "the exporter answers a program where it is given no file"
        program.save(str(path), external_data=False)


def _fuse(module: PreTrainedModel, exported: Path, path: Path, form: OnnxForm) -> None:
    """Attention, layer norms, GELU and embeddings as single nodes, where the model's type has a known shape."""
    from onnxruntime.transformers import optimizer

    config = module.config
    if config.model_type not in FUSED_AS_BERT:
        shutil.copyfile(exported, path)
        return
    graph = optimizer.optimize_model(
        str(exported),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    fold_segments(graph)
    if form == "fused":
        fold_shifts(graph)
        normalise_by_instance(graph, IDS, config.max_position_embeddings)
    graph.save_model_to_file(str(path))


def _halve(floating: Path, path: Path) -> None:
    """Weights and activations in float16; pooling and the norm in float32, or no vector's length would be 1."""
    import onnx
    from onnxruntime.transformers.onnx_model import OnnxModel

    graph = OnnxModel(onnx.load(floating))
    graph.convert_float_to_float16(keep_io_types=True, node_block_list=_behind_the_encoder(graph))
    graph.save_model_to_file(str(path))


def _behind_the_encoder(graph: OnnxModel) -> list[str]:
    """The names of the nodes between the last layer norms and the vectors."""
    producers, found, seek = graph.output_name_to_node(), {}, [VECTORS]
    while seek:
        node = producers.get(seek.pop())
        if node is not None and node.op_type not in NORMS and node.name not in found:
            found[node.name] = node
            seek += node.input
    return list(found)


def _quantise(fused: Path, path: Path) -> None:
    """8-bit weights by output channel, activations by batch at run time; the attention's products too.

    Without a dot product of 8-bit numbers in the CPU, 7 bits keep sums of two products within 16 bits.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()
    root.disabled = True  # quantize_dynamic advises a shape inference on it that the fused nodes do not have
    try:
        quantize_dynamic(
            fused,
            path,
            op_types_to_quantize=QUANTISED_OPERATORS,
            per_channel=True,
            reduce_range=not has_int8_dot_product(),
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    finally:
        root.disabled = False
