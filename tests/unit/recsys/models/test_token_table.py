"""Token tables: the model's own, from each precision on disk, without building the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModel

from recsys.errors import ModelError
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles, locate
from recsys.models.token_table import token_table

FILES = locate("minilm")


def stored(folder: Path, name: str, table: torch.Tensor) -> ModelFiles:
    """Files of a model whose only tensors are its table and a bias."""
    save_file({"bias": torch.zeros(2), name: table}, folder / "model.safetensors")
    return ModelFiles("planted", "", FILES.config, FILES.tokenizer, (folder / "model.safetensors",))


def test_minilms_table_is_its_embedding_layer() -> None:
    layer = AutoModel.from_pretrained(FILES.config.parent).get_input_embeddings().weight
    assert np.array_equal(token_table(FILES), layer.detach().numpy())


def test_a_random_models_table_is_the_one_the_whole_model_has() -> None:
    files = locate("qwen3-tiny", "random", seed=3)
    assert np.array_equal(token_table(files), load_module(files).embed_tokens.weight.detach().numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "wte.weight", "shared.weight"])
def test_tables_of_other_families_and_precisions_are_read_as_float32(
    tmp_path: Path, name: str, dtype: torch.dtype
) -> None:
    table = torch.randn(7, 4, generator=torch.Generator().manual_seed(1)).to(dtype)
    read = token_table(stored(tmp_path, name, table))
    assert read.dtype == np.float32
    assert np.array_equal(read, table.float().numpy())


def test_a_file_without_a_table_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no token table in model\.safetensors.*embed_tokens"):
        token_table(stored(tmp_path, "lm_head.weight", torch.zeros(2, 2)))


def test_a_damaged_file_is_a_model_error(tmp_path: Path) -> None:
    files = stored(tmp_path, "wte.weight", torch.zeros(2, 2))
    files.weights[0].write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be read"):
        token_table(files)
