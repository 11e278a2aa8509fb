"""What is particular to ONNX Runtime: its graphs compute what PyTorch does."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from recsys.encoders import build_encoder
from recsys.errors import BadOptions, MissingLibrary
from recsys.models.locate import locate
from recsys.models.onnx_graph import IDS, MASK, VECTORS, build_graph, count_products

TEXTS = [
    "Zelda: Breath of the Wild",
    "a racing game",
    "chess for two players, with a clock and a book of openings",
    "",
    "Mario Kart 8 Deluxe, Nintendo Switch, 4 players, with wheels",
]


MINILM = {"model": "minilm"}
TINY = {"model": "bert-tiny-uncased", "weights": "random"}


def exact(model):
    return build_encoder("transformer", **model).encode(TEXTS)


@pytest.mark.parametrize(
    ("model", "form", "products"),
    [
        (MINILM, "fused", 24),
        (TINY, "fused", 8),
        (TINY, "unfused", 12),
        pytest.param(MINILM, "unfused", 36, marks=pytest.mark.verify),
    ],
)
def test_fp32_is_the_reference_in_either_form(model, form, products):
    """A fused attention's three products count as one."""
    encoder = build_encoder("onnx", **model, form=form)
    assert encoder.info.products == {"fp32": products}
    np.testing.assert_allclose(encoder.encode(TEXTS), exact(model), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "form", "products", "lowest", "mean"),
    [
        (MINILM, "fused", 24, 0.95, 0.98),
        (TINY, "unfused", 12, 0.9999, 0.9999),
        pytest.param(MINILM, "unfused", 36, 0.95, 0.98, marks=pytest.mark.verify),
    ],
)
def test_all_products_of_int8_are_int8_and_vectors_stay_near(model, form, products, lowest, mean):
    encoder = build_encoder("onnx", **model, precision="int8", form=form)
    assert encoder.info.products == {"int8": products}
    cosines = np.einsum("ij,ij->i", encoder.encode(TEXTS), exact(model))
    assert cosines.min() > lowest
    assert cosines.mean() > mean


def test_shifts_of_norms_are_folded_into_biases_all_but_the_last(tmp_path):
    """That of the last has no bias behind it; the embedding's norm is a node of its own, with its shift."""
    fused = tmp_path / "model.onnx"
    build_graph(locate("minilm"), "fp32", "mean", fused)
    graph = onnx.load(fused).graph
    norms = [node for node in graph.node if node.op_type == "InstanceNormalization"]
    assert len(norms) == 12
    assert sum(node.name.endswith("/Shift") and node.op_type == "Add" for node in graph.node) == 1
    kept = [tensor.name for tensor in graph.initializer if tensor.name.endswith("LayerNorm.bias")]
    assert all(numpy_helper.to_array(tensor).any() for tensor in graph.initializer if tensor.name in kept)
    assert count_products(fused) == {"fp32": 24}


def pools_in_fp32(graph):
    """Whether what leaves the last layer norm becomes float32 before anything else is done with it."""
    last = [node for node in graph.node if node.op_type == "SkipLayerNormalization"][-1]
    readers = [node for node in graph.node if last.output[0] in node.input]
    return readers and all(node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.FLOAT for node in readers)


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-6), ("fp16", 1e-4)])
def test_a_graph_for_a_gpu_computes_the_same(tmp_path, precision, tolerance):
    """Run on the CPU, where what has no kernel in fp16 is converted for it."""
    path = tmp_path / "model.onnx"
    build_graph(locate(TINY["model"], TINY["weights"]), precision, "mean", path, "for_gpu")
    assert count_products(path) == {precision: 8}
    assert not {"InstanceNormalization"} & {node.op_type for node in onnx.load(path).graph.node}
    if precision == "fp16":
        assert pools_in_fp32(onnx.load(path).graph)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    tokens = build_encoder("onnx", **TINY).prepare(TEXTS[:1])
    ids = tokens.ids[None]
    (vector,) = session.run([VECTORS], {IDS: ids, MASK: np.ones_like(ids)})
    assert vector.dtype == np.float32
    assert np.einsum("ij,ij->i", vector, exact(TINY)[:1]) == pytest.approx(1, abs=tolerance)


def test_fp16_on_a_cpu_is_refused():
    with pytest.raises(BadOptions, match='no fp16 products for "cpu".*precision = "int8"'):
        build_encoder("onnx", **TINY, precision="fp16")


@pytest.fixture
def pretended_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_a_gpu_wants_its_own_build_and_no_int8(pretended_gpu, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(MissingLibrary, match="pip uninstall -y onnxruntime && pip install onnxruntime-gpu"):
        build_encoder("onnx", **TINY, device="cuda")
    with pytest.raises(BadOptions, match='no int8 products for "cuda".*precision = "fp16"'):
        build_encoder("onnx", **TINY, device="cuda", precision="int8")


@pytest.mark.skipif(
    not torch.cuda.is_available() or "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="no GPU, or no ONNX Runtime built for one",
)
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("fp16", 1e-3)])
def test_on_a_gpu_vectors_are_those_of_the_cpu(precision, tolerance):
    found = build_encoder("onnx", **MINILM, device="cuda", precision=precision).encode(TEXTS)
    assert np.einsum("ij,ij->i", found, exact(MINILM)) == pytest.approx(1, abs=tolerance)
