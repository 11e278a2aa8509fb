"""A decoder-only language model as an encoder: its hidden states, and the token that its texts end in."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recsys.models.load import read_config
from recsys.models.locate import ModelFiles
from recsys.models.pooling import HiddenStates


def causal_states(module: Any) -> HiddenStates:
    """The hidden states of a decoder, for texts that are padded on the right.

    No token sees one after it, so the real tokens of a text never see its padding: they need no mask, and without one
    PyTorch takes its fastest attention.
    """

    def states(ids: Tensor, mask: Tensor | None) -> Tensor:
        hidden: Tensor = module(input_ids=ids, use_cache=False).last_hidden_state
        return hidden

    return states


def missing_ending(files: ModelFiles) -> int | None:
    """The end-of-text id of the model where its tokenizer puts none at the end of a text; None where it does.

    The last token has seen the whole text, so its state is the text's; embedding models are trained to sum a text up in
    one that says that it is over. Which one is the tokenizer's to say: Qwen3-Embedding's ends in another than its
    configuration names.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    if tokenizer.encode("a").ids[-1:] != tokenizer.encode("a", add_special_tokens=False).ids[-1:]:
        return None
    ending = read_config(files).get("eos_token_id")
    return ending[0] if isinstance(ending, list) else ending
