"""What is particular to OpenVINO: what runs in which precision, and that a text's vector is its own."""

from dataclasses import dataclass

import numpy as np
import pytest

from recsys.encoders import build_encoder
from recsys.encoders.batching import NORM_TOLERANCE
from recsys.models.cpu_features import has_int8_dot_product
from recsys.models.locate import locate
from recsys.models.openvino_graph import build_float_graph, kept_products

pytest.importorskip("openvino", reason="openvino is not installed")
pytest.importorskip("nncf", reason="nncf is not installed")

TEXTS = [
    "Zelda: Breath of the Wild",
    "a racing game",
    "chess for two players, with a clock and a book of openings",
    "",
    "Mario Kart 8 Deluxe, Nintendo Switch, 4 players, with wheels",
]


@pytest.fixture(scope="module")
def exact():
    return build_encoder("transformer", model="minilm").encode(TEXTS)


def test_fp32_is_the_reference(exact):
    encoder = build_encoder("openvino", model="minilm", precision="fp32")
    assert encoder.info.precision == "fp32"
    assert encoder.info.products == {"fp32": 36}
    np.testing.assert_allclose(encoder.encode(TEXTS), exact, atol=1e-5)


def test_bf16_says_what_runs_and_stays_close(exact):
    encoder = build_encoder("openvino", model="minilm", precision="bf16")
    assert encoder.info.products == {encoder.info.precision: 36}, "bf16 where the CPU has it, fp32 elsewhere"
    assert (np.einsum("ij,ij->i", encoder.encode(TEXTS), exact) > 1 - 2e-3).all()


@dataclass(frozen=True)
class Quantised:
    """A model, its products with weights, those kept in bf16, and how near int8 stays to it."""

    options: dict[str, str]
    products: int
    kept: int
    lowest_cosine: float


MODELS = [
    pytest.param(Quantised({"model": "bert-tiny-uncased", "weights": "random"}, 12, 1, 0.9995), id="tiny"),
    pytest.param(Quantised({"model": "minilm"}, 36, 3, 0.97), id="minilm", marks=pytest.mark.verify),
]
"""Scales are found by running the model on hundreds of texts, which takes MiniLM half a minute."""


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def int8(model):
    return build_encoder("openvino", precision="int8", **model.options)


@pytest.mark.skipif(not has_int8_dot_product(), reason="without dot products of int8 OpenVINO cuts products up")
def test_int8_keeps_the_feed_forward_outputs_of_the_first_layers(int8, model):
    assert int8.info.products["int8"] == model.products - model.kept
    assert sum(int8.info.products.values()) == model.products


def test_int8_stays_close(int8, model):
    exact = build_encoder("transformer", **model.options).encode(TEXTS)
    assert int8.info.precision == "int8"
    assert (np.einsum("ij,ij->i", int8.encode(TEXTS), exact) > model.lowest_cosine).all()


def test_int8_scales_are_fixed_so_batch_mates_do_not_matter(int8):
    """The batch is padded to one long text; dynamic scales would take it into account."""
    alone = np.concatenate([int8.encode([text]) for text in TEXTS])
    together = int8.forward(int8.prepare(TEXTS))
    assert (np.einsum("ij,ij->i", alone, together) > 1 - int8.info.batch_tolerance).all()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=NORM_TOLERANCE)


@pytest.mark.parametrize(("share", "layers"), [(0.0, []), (1 / 3, [0, 1]), (0.5, [0, 1, 2]), (1.0, [0, 1, 2, 3, 4, 5])])
def test_the_first_layers_keep_theirs(float_graph, share, layers):
    kept = kept_products(float_graph, share)
    assert [int(name.split("layer.")[1].split(".")[0]) for name in kept] == layers
    assert all("output.dense" in name and "attention" not in name for name in kept)


@pytest.fixture(scope="module")
def float_graph(tmp_path_factory):
    import openvino

    path = tmp_path_factory.mktemp("graph") / "model.xml"
    build_float_graph(locate("minilm"), "mean", path)
    return openvino.Core().read_model(path)
