"""PyTorch and ONNX encoders against the model's own forward pass and pooling."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, RobertaConfig, RobertaModel

from recsys.encoders import build_encoder
from recsys.models import bert
from recsys.models.bert_weights import bert_weights
from recsys.models.cpu_features import has_bf16_products
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles, locate
from recsys.models.onnx_graph import build_graph, recipe

TEXTS = ["Mario", "The Legend of Zelda: Breath of the Wild", "", "naïve café 東京 " * 9, "chess " * 300]
FILES = locate("minilm")
MINILM = {"model": "minilm"}
TINY = {"model": "bert-tiny-uncased", "weights": "random"}


@functools.cache
def own_module(model: str) -> torch.nn.Module:
    """The model as transformers loads and runs it; of random weights there is no file."""
    if model == MINILM["model"]:
        return AutoModel.from_pretrained(FILES.config.parent).eval()
    return load_module(locate(model, "random"))


def reference(pooling: str, model: str = "minilm") -> np.ndarray:
    """Unit vectors by the model's own forward and textbook pooling, padded to the longest text."""
    tokenizer = AutoTokenizer.from_pretrained(FILES.config.parent)
    batch = tokenizer(TEXTS, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        hidden = own_module(model)(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    pooled = {
        "mean": (hidden * mask).sum(1) / mask.sum(1),
        "cls": hidden[:, 0],
        "max": hidden.masked_fill(mask == 0, -1e9).max(1).values,
    }[pooling]
    return torch.nn.functional.normalize(pooled, dim=1).numpy()


@pytest.mark.parametrize(
    ("model", "pooling"),
    [
        (MINILM, "mean"),
        (TINY, "cls"),
        (TINY, "max"),
        pytest.param(MINILM, "cls", marks=pytest.mark.verify),
        pytest.param(MINILM, "max", marks=pytest.mark.verify),
    ],
)
@pytest.mark.parametrize("kind", ["transformer", "onnx"])
def test_fp32_equals_the_models_own_forward_alone_and_padded(kind: str, model: dict[str, str], pooling: str) -> None:
    encoder = build_encoder(kind, **model, pooling=pooling, threads=2)
    expected = reference(pooling, model["model"])
    np.testing.assert_allclose(encoder.forward(encoder.prepare(TEXTS)), expected, rtol=0, atol=1e-5)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(encoder.forward(encoder.prepare([text]))[0], expected[row], rtol=0, atol=1e-5)


def test_without_packed_weights_the_numbers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bert, "_packed", lambda weight: None)
    assert build_encoder("transformer", threads=2).encode(TEXTS) == pytest.approx(reference("mean"), abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "precision", "lowest_cosine"),
    [
        pytest.param(
            "transformer",
            "bf16",
            0.999,
            marks=pytest.mark.skipif(not has_bf16_products(), reason="this CPU multiplies no bf16"),
        ),
        ("onnx", "int8", 0.96),
    ],
)
def test_lower_precisions_stay_close_and_within_their_batch_tolerance(
    kind: str, precision: str, lowest_cosine: float
) -> None:
    encoder = build_encoder(kind, precision=precision, threads=2)
    together = encoder.forward(encoder.prepare(TEXTS))
    alone = np.concatenate([encoder.forward(encoder.prepare([text])) for text in TEXTS])
    assert (together * reference("mean")).sum(1).min() >= lowest_cosine
    assert (alone * reference("mean")).sum(1).min() >= lowest_cosine
    assert 1 - (together * alone).sum(1).min() <= encoder.info.batch_tolerance


def test_the_int8_graph_has_every_product_in_8_bits_and_no_segment_ids(tmp_path: Path) -> None:
    import onnx

    build_graph(FILES, "int8", "mean", tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    count = {kind: sum(node.op_type == kind for node in graph.node) for kind in {node.op_type for node in graph.node}}
    assert count["QAttention"] == 6
    assert count["MatMulInteger"] == 18
    assert not {"MatMul", "Gemm", "Attention", "SkipLayerNormalization", "GatherElements"} & count.keys()
    assert {value.name: value.type.tensor_type.elem_type for value in graph.input} == {
        "input_ids": onnx.TensorProto.INT32,
        "attention_mask": onnx.TensorProto.INT32,
    }


def test_an_artefact_depends_on_weights_precision_and_pooling() -> None:
    other_weights = locate("minilm", "random")
    keys = [recipe(FILES, "fp32", "mean").key, recipe(FILES, "int8", "mean").key, recipe(FILES, "fp32", "cls").key]
    assert len({*keys, recipe(other_weights, "fp32", "mean").key}) == 4


def test_random_weights_run_on_both_and_agree() -> None:
    settings = {"model": "bert-tiny-uncased", "weights": "random", "seed": 4}
    one, two = build_encoder("transformer", **settings), build_encoder("onnx", **settings)
    assert one.info.dim == 128
    assert not one.info.real_weights
    assert one.encode(TEXTS) == pytest.approx(two.encode(TEXTS), abs=1e-5)


@pytest.fixture
def roberta(tmp_path: Path) -> str:
    """A small model of another family, with MiniLM's tokenizer."""
    config = RobertaConfig(
        vocab_size=30522,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        pad_token_id=0,
    )
    RobertaModel(config).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(FILES.tokenizer.read_bytes())
    return str(tmp_path)


def test_a_model_that_is_no_plain_bert_runs_through_transformers(roberta: str) -> None:
    files: ModelFiles = locate(roberta)
    assert bert_weights(files) is None
    assert build_encoder("transformer", model=roberta, max_tokens=64).encode(TEXTS) == pytest.approx(
        build_encoder("onnx", model=roberta, max_tokens=64).encode(TEXTS), abs=1e-5
    )
