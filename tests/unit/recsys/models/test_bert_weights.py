"""Weights of plain BERTs come from their files, whatever else the files hold; other models are left to transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from fresh_interpreter import imported_by
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel, DistilBertConfig, DistilBertModel

from recsys.encoders import build_encoder
from recsys.errors import ModelError
from recsys.models.bert_weights import bert_weights
from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.models.shape import ModelShape, shape_of

TEXTS = ["a red bicycle", "the second volume of a long story about the sea"]
TOKENIZER = locate("minilm").tokenizer
SMALL = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)


def saved(model: object, folder: Path) -> str:
    """The model's folder, with MiniLM's tokenizer in it."""
    model.save_pretrained(folder)  # type: ignore[attr-defined]
    (folder / "tokenizer.json").write_bytes(TOKENIZER.read_bytes())
    return str(folder)


@pytest.mark.parametrize("architecture", [BertModel, BertForSequenceClassification])
def test_a_stored_model_has_the_weights_that_transformers_reads(architecture: type, tmp_path: Path) -> None:
    files = locate(saved(architecture(SMALL), tmp_path))
    weights = bert_weights(files)
    assert weights is not None
    assert (weights.layers, weights.heads, weights.n_products) == (2, 2, 12)
    expected = load_module(files).state_dict()
    assert set(expected) - set(weights.tensors) <= {"pooler.dense.weight", "pooler.dense.bias"}
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights.tensors.items())


def test_weights_in_several_files_are_read_from_all(tmp_path: Path) -> None:
    folder = Path(saved(BertModel(SMALL), tmp_path))
    whole = bert_weights(locate(str(folder)))
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    for shard, names in enumerate((sorted(tensors)[::2], sorted(tensors)[1::2]), 1):
        save_file({name: tensors[name] for name in names}, folder / f"model-0000{shard}-of-00002.safetensors")
    parts = bert_weights(locate(str(folder)))
    assert whole is not None
    assert parts is not None
    assert all(torch.equal(tensor, parts.tensors[name]) for name, tensor in whole.tensors.items())


@pytest.mark.parametrize("change", [{"hidden_act": "relu"}, {"is_decoder": True}, {"model_type": "roberta"}])
def test_a_model_that_computes_otherwise_is_not_taken_for_a_plain_bert(
    change: dict[str, object], tmp_path: Path
) -> None:
    config = Path(saved(BertModel(SMALL), tmp_path)) / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    assert bert_weights(locate(str(tmp_path))) is None


def test_tensors_of_other_names_are_left_to_transformers(tmp_path: Path) -> None:
    folder = Path(saved(BertModel(SMALL), tmp_path))
    tensors = load_file(folder / "model.safetensors")
    renamed = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): tensor for name, tensor in tensors.items()}
    save_file(renamed, folder / "model.safetensors")
    assert bert_weights(locate(str(folder))) is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = Path(saved(BertModel(SMALL), tmp_path))
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="cannot be read"):
        bert_weights(locate(str(folder)))


def test_sizes_under_other_names_are_found(tmp_path: Path) -> None:
    model = DistilBertModel(DistilBertConfig(dim=32, n_heads=2, n_layers=1, hidden_dim=64, max_position_embeddings=40))
    folder = saved(model, tmp_path)
    assert shape_of(locate(folder)) == ModelShape(32, 40)
    one, two = (build_encoder(kind, model=folder, max_tokens=40) for kind in ("transformer", "onnx"))
    assert one.encode(TEXTS) == pytest.approx(two.encode(TEXTS), abs=1e-5)


def test_a_model_without_such_sizes_is_refused(tmp_path: Path) -> None:
    config = Path(saved(BertModel(SMALL), tmp_path)) / "config.json"
    config.write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(ModelError, match="max_position_embeddings"):
        shape_of(locate(str(tmp_path)))


def test_minilm_wakes_up_without_transformers() -> None:
    code = "from recsys.encoders import build_encoder; build_encoder('transformer').encode(['a text'])"
    assert imported_by(code, {"torch", "transformers"}) == {"torch"}
