"""Pieces of a prompt as token ids, to be put together: a piece has the same ids wherever it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.models.reading import UNKNOWN
from recsys.models.tokenizer import TextTokenizer

LONGEST = 1 << 20
"""Tokens of a piece: it is cut by whoever puts the prompt together."""


class PromptTokenizer:
    """Token ids of pieces of a prompt. path: tokenizer.json. opening: the special ids that every prompt starts with."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        from tokenizers import Tokenizer

        self._plain = TextTokenizer(path, LONGEST, threads=threads, special_tokens=False)
        self.opening, _ = self._plain.frame
        raw = Tokenizer.from_file(str(path))
        self._unknown = {raw.token_to_id(token) for token in UNKNOWN}

    def __call__(self, pieces: Sequence[str]) -> list[list[int]]:
        """Ids a piece, without any special token that does not stand in it."""
        made = self._plain(pieces)
        return [ids.tolist() for ids in np.split(made.ids, made.offsets[1:-1])]

    def single(self, word: str) -> int | None:
        """The id of a word that is one token; None for one that is several, or not in the vocabulary."""
        ids = self([word])[0]
        return ids[0] if len(ids) == 1 and ids[0] not in self._unknown else None
