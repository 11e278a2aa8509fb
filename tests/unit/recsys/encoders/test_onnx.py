"""What is particular to ONNX Runtime: its graphs compute what PyTorch does, on as many threads as pay."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from recsys.encoders import build_encoder
from recsys.models.locate import locate
from recsys.models.onnx_graph import build_graph, count_products

TEXTS = [
    "Zelda: Breath of the Wild",
    "a racing game",
    "chess for two players, with a clock and a book of openings",
    "",
    "Mario Kart 8 Deluxe, Nintendo Switch, 4 players, with wheels",
]
PADDED_TOKENS_OF_ONE = 9
"""Of the first text alone."""


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


def test_how_many_threads_compute_a_short_text_changes_no_number():
    split = build_encoder("onnx", precision="int8", threads=2, one_thread_tokens=PADDED_TOKENS_OF_ONE)
    never = build_encoder("onnx", precision="int8", threads=2, one_thread_tokens=0)
    assert split.prepare(TEXTS[:1]).n_tokens.tolist() == [PADDED_TOKENS_OF_ONE]
    for text in TEXTS:
        assert split.encode([text]).tobytes() == never.encode([text]).tobytes()


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
