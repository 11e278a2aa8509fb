"""TF-IDF: weighted word counts, the baseline that no language model is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import scipy.sparse

from recsys.encoders import ENCODERS
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.encoders.word_counts import count_words, unit_rows
from recsys.errors import DataError
from recsys.features.text.words import words_of
from recsys.options import OptionsModel
from recsys.types import TokenIds

REQUIRES = ("sklearn",)


class TfidfOptions(OptionsModel):
    """No options: one baseline, the same everywhere."""


@ENCODERS.register("tfidf")
class TfidfEncoder:
    """scikit-learn's TfidfVectorizer(sublinear_tf=True), its arithmetic without its per-call checks.

    Weight of a word = (1 + ln count) · (1 + ln((1 + n) / (1 + document frequency))), rows at norm 1 (Salton & Buckley
    1988, with scikit-learn's smoothing). Words are lower-cased runs of two or more word characters; of Han, Kana and
    Hangul, single characters and pairs of neighbours (recsys.features.text.words).
    """

    Options: ClassVar[type[OptionsModel]] = TfidfOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = False

    def __init__(self, options: TfidfOptions, runtime: Runtime) -> None:
        """Unfitted, so of dimension 0; runtime is not used: counting words is one thread's work on the CPU."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.info = EncoderInfo(dim=0, device="cpu", precision="fp32", sparse=True, pads=False)
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, analyzer=words_of)
        self._vocabulary: dict[str, int] = {}
        self._idf = np.empty(0)

    def fit(self, texts: Sequence[str]) -> None:
        """Vocabulary and document frequencies of these texts. Raises DataError when they hold no word."""
        try:
            self._vectorizer.fit(texts)
        except ValueError as error:
            raise DataError(f"tfidf finds no words in {len(texts)} texts: {error}. Next: check the texts") from error
        self._vocabulary = self._vectorizer.vocabulary_
        self._idf = self._vectorizer.idf_
        self.info = replace(self.info, dim=len(self._idf))

    def prepare(self, texts: Sequence[str]) -> TokenIds:
        """Vocabulary ids of the known words, repeats kept; words never fitted on are left out."""
        known = self._vocabulary
        words = [words_of(text) for text in texts]
        return TokenIds.from_lists([[known[word] for word in row if word in known] for row in words])

    def forward(self, prepared: TokenIds) -> scipy.sparse.csr_array:
        """float32 [n, dim], rows of norm 1, or 0 where no word is known."""
        matrix = count_words(prepared, self.info.dim)
        matrix.data = (np.log(matrix.data) + 1.0) * self._idf[matrix.indices]
        return unit_rows(matrix)

    def encode(self, texts: Sequence[str]) -> scipy.sparse.csr_array:
        """float32 [n, dim]; nothing is padded, so nothing needs batching."""
        return self.forward(self.prepare(texts))

    def close(self) -> None:
        """Nothing to release."""
