"""A decoder with its language head, read in stretches: keys and values of what was read before are kept."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from recsys.models.precision import move_weights

HEAD = "AutoModelForCausalLM"


class LanguageModel:
    """A causal language model of transformers at one precision on one device.

    It computes the head for the tokens that are asked for alone: of a vocabulary of 150,000 a few dozen are.
    """

    def __init__(self, module: Any, device: str, dtype: torch.dtype) -> None:
        """module: with a language head; it is moved and converted itself."""
        move_weights(module, device, dtype)
        self._module = module
        self._head = self._module.get_output_embeddings()
        self._cap: float | None = getattr(module.config, "final_logit_softcapping", None)

    @torch.inference_mode()
    def read(self, ids: Tensor, past: Any = None, mask: Tensor | None = None) -> tuple[Tensor, Any]:
        """Hidden states [n, length, hidden] of these tokens, and the keys and values up to their end.

        ids int [n, length]. past: what an earlier call returned; it is extended in place. mask bool [n, past length +
        length]: false for padding on the left; None = none. Padding on the right needs no mask: no token sees it.
        """
        positions = None
        if mask is not None:
            positions = (mask.long().cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        done = self._module.base_model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=past, use_cache=True
        )
        return done.last_hidden_state, done.past_key_values

    @torch.inference_mode()
    def logits(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """fp32 [n, tokens]: of each of these tokens to come next. hidden [n, hidden]; tokens int64 [tokens]."""
        bias = None if self._head.bias is None else self._head.bias[tokens]
        logits = functional.linear(hidden, self._head.weight[tokens], bias).float()
        return logits if self._cap is None else self._cap * torch.tanh(logits / self._cap)


def repeated(past: Any, n: int) -> Any:
    """The same keys and values for each of n rows; past, of one row, stays as it is."""
    copied = copy.deepcopy(past)
    copied.batch_repeat_interleave(n)
    return copied
