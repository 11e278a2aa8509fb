"""A bag of word vectors from a transformer's own token table: what the model knows of words, without running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.batching import check_vectors
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.models.locate import locate
from recsys.models.sif import SifWeights
from recsys.models.token_table import token_table
from recsys.models.tokenizer import TextTokenizer
from recsys.options import OptionsModel
from recsys.types import TokenIds

REQUIRES = ("tokenizers", "safetensors")


class WordTableOptions(OptionsModel):
    """Whose table, and how its vectors are weighed.

    model: "minilm", a folder, a hub id, or a shipped configuration with weights = "random" (then seed counts).
    smoothing: a of a / (a + share of the corpus). removed_components: directions that all texts share, taken away.
    max_tokens: where a text is cut.
    """

    model: str = Field("minilm", min_length=1)
    weights: Literal["real", "random"] = "real"
    seed: int = Field(0, ge=0)
    smoothing: float = Field(1e-3, gt=0, allow_inf_nan=False)
    removed_components: int = Field(1, ge=0)
    max_tokens: int = Field(256, ge=3)


@ENCODERS.register("word_table")
class WordTableEncoder:
    """Looks tokens up and adds them, weighted by rarity (smooth inverse frequency); order and context do not count.

    It counts as an encoder with a model: its vectors are the first layer of one, learnt with it. But no network is run,
    and no text is padded. info.weights_bytes is the table's size, weights_sha256 that of the file it is read from.
    """

    Options: ClassVar[type[OptionsModel]] = WordTableOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False
    EXACT: ClassVar[Mapping[str, object]] = {"kind": "word_table"}

    def __init__(self, options: WordTableOptions, runtime: Runtime) -> None:
        """Read the table. Raises ModelError."""
        files = locate(options.model, options.weights, options.seed)
        self._options = options
        self._table = token_table(files)
        self._sif = SifWeights.equal(self._table)
        self._tokenizer = TextTokenizer(
            files.tokenizer, options.max_tokens, threads=runtime.threads, special_tokens=False
        )
        self.info = EncoderInfo(
            dim=self._table.shape[1],
            device="cpu",
            precision="fp32",
            max_tokens=options.max_tokens,
            revision=f"{files.revision}#token_table",
            weights_bytes=self._table.nbytes,
            weights_sha256=files.weights_sha256,
            has_model=True,
            real_weights=files.real,
            threads=runtime.threads,
            pads=False,
        )

    def fit(self, texts: Sequence[str]) -> None:
        """Learn from these texts how common each token is, and what all texts share."""
        options = self._options
        self.info = replace(self.info, unread_share=self._tokenizer.unread_share(texts))
        self._sif = SifWeights.of(self.prepare(texts), self._table, options.smoothing, options.removed_components)

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """Token ids without special tokens, at most max_tokens a text."""
        return self._tokenizer(texts)

    def forward(self, prepared: TokenIds) -> npt.NDArray[np.float32]:
        """float32 [n, dim], rows of norm 1, or 0 where a text has no token."""
        return self._sif.vectors(prepared, self._table)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, dim]; nothing is padded, so nothing needs batching. Raises BadVectors for a damaged table."""
        vectors = self.forward(self.prepare(texts))
        check_vectors(vectors, len(texts), self.info.dim)
        return vectors

    def close(self) -> None:
        """Nothing to release beyond memory."""
