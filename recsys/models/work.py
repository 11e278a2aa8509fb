"""What one forward pass of a language model has to compute, whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.models.bert_weights import is_plain_bert
from recsys.models.load import read_config
from recsys.models.locate import ModelFiles

UNUSED = ("pooler", "lm_head")
"""Products of models that no vector here is made of."""
BIDIRECTIONAL = frozenset(
    {"bert", "roberta", "xlm-roberta", "camembert", "electra", "mpnet", "distilbert", "modernbert"}
)
"""Model types whose tokens attend to all others."""


@dataclass(frozen=True, slots=True)
class ForwardWork:
    """product_weights: numbers in the matrices that each token goes through.

    attention_width: heads × size of a head, summed over layers. causal: a token attends to those before it alone.
    """

    product_weights: int
    attention_width: int
    causal: bool

    def flops(self, n_tokens: npt.NDArray[np.int64]) -> float:
        """Floating-point operations for texts of these lengths, without padding; a multiply-add is two.

        2 · weights a token, and 4 · width for each pair of tokens that attend to each other: scores and their mean of
        values (Kaplan et al. 2020, arXiv 2001.08361, appendix B). Norms, activations and softmax are left out, as in
        every such count: under 1 % of the operations.
        """
        pairs = n_tokens * (n_tokens + 1) / 2 if self.causal else n_tokens.astype(np.float64) ** 2
        return float(2 * self.product_weights * n_tokens.sum() + 4 * self.attention_width * pairs.sum())


def forward_work(files: ModelFiles) -> ForwardWork:
    """The work of a model, from its configuration; all but plain BERTs are built for it, without their numbers."""
    stored = read_config(files)
    if is_plain_bert(stored):
        return _bert_work(stored)
    import torch
    import transformers

    config = transformers.AutoConfig.for_model(stored.pop("model_type"), **stored)
    with torch.device("meta"):
        build = transformers.AutoModel.from_config
        module = build(config)  # type: ignore[no-untyped-call]
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return ForwardWork(
        product_weights=sum(part.weight.numel() for part in products_of(module)),
        attention_width=config.num_hidden_layers * config.num_attention_heads * head_size,
        causal=config.model_type not in BIDIRECTIONAL,
    )


def _bert_work(config: Mapping[str, Any]) -> ForwardWork:
    """Queries, keys, values and what becomes of them are square; the feed-forward products lead out and back."""
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    weights = layers * (4 * hidden**2 + 2 * hidden * config["intermediate_size"])
    return ForwardWork(weights, layers * hidden, causal=False)


def products_of(module: Any) -> list[Any]:
    """The modules of a PyTorch model that multiply each token with weights, on its way to a vector."""
    import torch

    return [
        part
        for name, part in module.named_modules()
        if isinstance(part, torch.nn.Linear) and not any(word in name for word in UNUSED)
    ]
