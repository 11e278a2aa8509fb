"""What all encoders with a pretrained model share: their options, tokenising and batching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from recsys.encoders.batching import check_vectors, forward_sorted, pad
from recsys.encoders.protocol import EncoderInfo
from recsys.errors import BadOptions
from recsys.models.tokenizer import TextTokenizer
from recsys.types import TokenIds


class PretrainedOptions(BaseModel):
    """Which model, and what it is given to read.

    model: "minilm", a folder, a hub id, or a shipped configuration with weights = "random" (then seed counts).
    max_tokens: where a text is cut, special tokens included. prompt: put in front of every text.
    batch_tokens: padded tokens of one batch in encode; the default suits a CPU, a GPU wants more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field("minilm", min_length=1)
    weights: Literal["real", "random"] = "real"
    seed: int = Field(0, ge=0)
    pooling: Literal["mean", "cls", "max"] = "mean"
    max_tokens: int = Field(256, ge=3)
    prompt: str = ""
    batch_tokens: int = Field(1024, ge=1)


class PretrainedEncoder:
    """Tokenises and batches; a subclass sets `info` and embeds a padded batch."""

    info: EncoderInfo

    def __init__(self, tokenizer: TextTokenizer, batch_tokens: int) -> None:
        """batch_tokens: padded tokens of one batch in encode."""
        self._tokenizer = tokenizer
        self._batch_tokens = batch_tokens

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to do: the model was trained before."""

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """Token ids, special tokens included, at most max_tokens a text; an empty text keeps its special tokens."""
        return self._tokenizer(texts)

    def forward(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        """float32 [n, dim] of the batch padded to its longest text."""
        if not len(prepared):
            return np.empty((0, self.info.dim), np.float32)
        return self._embed(*pad(prepared, self._tokenizer.pad_id))

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dim] in the order given. Raises BadVectors when the model computes none."""
        vectors, _ = forward_sorted(self, self.prepare(texts), self._batch_tokens)
        check_vectors(vectors, len(texts), self.info.dim)
        return np.asarray(vectors)

    def close(self) -> None:
        """Nothing to release beyond memory."""

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        """Unit vectors float32 [n, dim]. ids and mask: [n, length], n ≥ 1; mask None = no padding."""
        raise NotImplementedError


def check_length(max_tokens: int, positions: int) -> None:
    """Raise BadOptions when a text may be longer than the model has positions."""
    if max_tokens > positions:
        raise BadOptions(f"max_tokens = {max_tokens}, but the model has {positions} positions. Next: at most those")
