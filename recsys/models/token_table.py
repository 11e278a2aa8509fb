"""The token table of a language model: one vector a token, its first layer, read without building the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.errors import ModelError
from recsys.models.locate import ModelFiles

ENDINGS = (
    "word_embeddings.weight",  # BERT and its family
    "embed_tokens.weight",  # Llama, Qwen, Mistral, Gemma, OPT
    "wte.weight",  # GPT-2 and its family
    "tok_embeddings.weight",  # ModernBERT
    "shared.weight",  # T5, BART
    "embed_in.weight",  # GPT-NeoX
)
"""How the table's tensor is called in safetensors files, by the end of its name."""
READ_BY_NUMPY = frozenset({"F32", "F16"})


def token_table(files: ModelFiles) -> npt.NDArray[np.float32]:
    """The table, float32 [vocabulary, dim].

    Real weights: the one tensor is read from its file. Random ones: those that the whole model would have. Raises
    ModelError where no table of a known name is found.
    """
    if not files.real:
        return _of_random_model(files)
    from safetensors import SafetensorError, safe_open

    try:
        for path in files.weights:
            with safe_open(path, "np") as tensors:
                name = next((name for name in tensors.keys() if name.endswith(ENDINGS)), "")  # noqa: SIM118 no mapping
                if name:
                    return _read(path, name, tensors)
    except (OSError, SafetensorError) as error:
        raise ModelError(f'model "{files.name}" cannot be read: {error}. Next: fetch it again') from error
    raise ModelError(
        f'model "{files.name}": no token table in {", ".join(path.name for path in files.weights)}. '
        f"Known names end in {', '.join(ENDINGS)}. Next: another model"
    )


def _read(path: Path, name: str, tensors: Any) -> npt.NDArray[np.float32]:
    """One tensor as float32; numpy has no bf16, so PyTorch reads that."""
    if tensors.get_slice(name).get_dtype() in READ_BY_NUMPY:
        return np.asarray(tensors.get_tensor(name), np.float32)
    from safetensors import safe_open

    with safe_open(path, "pt") as typed:
        table: npt.NDArray[np.float32] = typed.get_tensor(name).float().numpy()
    return table


def _of_random_model(files: ModelFiles) -> npt.NDArray[np.float32]:
    from recsys.models.load import load_module

    table: npt.NDArray[np.float32] = load_module(files).get_input_embeddings().weight.detach().numpy()
    return table
