"""Hashed words: sparse vectors without a model and without fitting, a floor for speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import scipy.sparse
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.encoders.word_counts import count_words, unit_rows
from recsys.features.text.words import words_of
from recsys.options import OptionsModel
from recsys.types import TokenIds

REQUIRES = ("sklearn",)


class HashingOptions(OptionsModel):
    """dim: columns that the words are hashed to."""

    dim: int = Field(2**20, ge=1, le=2**31 - 1)


@ENCODERS.register("hashing")
class HashingEncoder:
    """scikit-learn's HashingVectorizer with its defaults: a word's sign comes from its hash, so collisions cancel.

    What a word is: recsys.features.text.words.
    """

    Options: ClassVar[type[OptionsModel]] = HashingOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: HashingOptions, runtime: Runtime) -> None:
        """Holds no model; runtime is not used: counting words is one thread's work on the CPU."""
        from sklearn.utils import murmurhash3_32

        self.info = EncoderInfo(dim=options.dim, device="cpu", precision="fp32", sparse=True, pads=False)
        self._hash = murmurhash3_32

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """The signed 32-bit hash of each word, repeats kept."""
        return TokenIds.from_lists([[self._hash(word) for word in words_of(text)] for text in texts])

    def forward(self, prepared: TokenIds) -> scipy.sparse.csr_array:
        """Signed counts in the hashed columns, float32 [n, dim], rows of norm 1 or 0."""
        hashes = prepared.ids.astype(np.int64)
        columns = TokenIds((np.abs(hashes) % self.info.dim).astype(np.int32), prepared.offsets)
        return unit_rows(count_words(columns, self.info.dim, np.where(hashes < 0, -1.0, 1.0)))

    def encode(self, texts: Sequence[str]) -> scipy.sparse.csr_array:
        """float32 [n, dim]; nothing is padded, so nothing needs batching."""
        return self.forward(self.prepare(texts))

    def close(self) -> None:
        """Nothing to release."""
