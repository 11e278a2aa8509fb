"""A plain BERT's weights, read from its files: a library that knows every architecture takes seconds to wake up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from recsys.errors import ModelError
from recsys.models.load import load_module, read_config
from recsys.models.locate import ModelFiles

if TYPE_CHECKING:
    from torch import Tensor

PLAIN = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
"""What a configuration says of the encoder that recsys.models.bert computes; what it leaves out is so by default."""
SIZES = frozenset({"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"})
NORM_EPS = 1e-12
"""Where a configuration names none, as in Devlin et al.'s code."""
PREFIX = "bert."
"""In front of every name where the file holds a head as well."""

EMBEDDINGS = ("word_embeddings.weight", "position_embeddings.weight", "token_type_embeddings.weight")
PRODUCTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""Of a layer: each multiplies every token with a matrix."""
NORMS = ("attention.output.LayerNorm", "output.LayerNorm")


@dataclass(frozen=True, slots=True)
class BertWeights:
    """tensors: fp32, by their names in a BertModel of Hugging Face transformers, its pooler left out."""

    tensors: Mapping[str, Tensor]
    layers: int
    heads: int
    norm_eps: float

    @property
    def n_products(self) -> int:
        """Matrices that each token is multiplied with."""
        return self.layers * len(PRODUCTS)


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Whether a config.json describes the encoder that recsys.models.bert computes."""
    plain = all(config.get(key, value) == value for key, value in PLAIN.items())
    return plain and "model_type" in config and config.keys() >= SIZES


def bert_weights(files: ModelFiles) -> BertWeights | None:
    """The weights of a plain BERT; None for any other model, and for files whose tensors go by other names.

    Random ones are those that transformers would draw. Raises ModelError where a file cannot be read.
    """
    config = read_config(files)
    if not is_plain_bert(config):
        return None
    names = _names(config["num_hidden_layers"])
    stored = _read(files) if files.real else load_module(files).state_dict()
    tensors = {name: stored[name].detach().float() for name in names if name in stored}
    if len(tensors) < len(names):
        return None
    norm_eps = config.get("layer_norm_eps", NORM_EPS)
    return BertWeights(tensors, config["num_hidden_layers"], config["num_attention_heads"], norm_eps)


def _names(layers: int) -> list[str]:
    """All tensors that an encoder of so many layers is made of."""
    linear = [
        "embeddings.LayerNorm",
        *(f"encoder.layer.{layer}.{part}" for layer, part in product(range(layers), (*PRODUCTS, *NORMS))),
    ]
    return [f"embeddings.{name}" for name in EMBEDDINGS] + [
        f"{name}.{kind}" for name, kind in product(linear, ("weight", "bias"))
    ]


def _read(files: ModelFiles) -> dict[str, Tensor]:
    """Every tensor of the files, by its name without the prefix."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        shards = [load_file(path) for path in files.weights]
    except (OSError, SafetensorError) as error:
        raise ModelError(f'model "{files.name}" cannot be read: {error}. Next: fetch it again') from error
    return {name.removeprefix(PREFIX): tensor for shard in shards for name, tensor in shard.items()}
