"""Texts to token ids with the raw Rust tokenizer: no padding, one truncation, a fixed number of threads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from recsys.models.reading import unread_share
from recsys.types import TokenIds

if TYPE_CHECKING:
    from tokenizers import Encoding

CHARACTERS_PER_TOKEN = 12
"""A text is cut to max_tokens × this before it is tokenised; natural text has 3 to 6 characters a token."""
MANY_CHARACTERS = 1 << 14
"""From so many on, some 5 ms of work, texts are shared out among threads."""
PARTS_A_THREAD = 4
"""Of many texts: the threads end together also where some texts are longer."""
Text = TypeVar("Text", str, tuple[str, str])


class TextTokenizer:
    """Token ids of texts, special tokens included, at most max_tokens a text.

    path: tokenizer.json; whatever padding and truncation it ships is replaced. prompt: put in front of every text.
    threads: among which many texts are shared out; few are tokenised on the caller's. The library's own pool is turned
    off for the process: after each batch its threads look for more work, on cores that a model computes on by then, and
    on two cores took one from it five times a request. special_tokens: whether the tokenizer's own stand around a text;
    without them an empty text has no ids. ending: an id put at the end of each text, None = none.
    Lone surrogates, which are no Unicode text, become U+FFFD.
    """

    def __init__(
        self,
        path: Path,
        max_tokens: int,
        prompt: str = "",
        threads: int = 1,
        special_tokens: bool = True,
        ending: int | None = None,
    ) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._threads = threads
        self._special_tokens = special_tokens
        self._ending = [] if ending is None else [ending]
        self._tokenizer.enable_truncation(max_tokens - len(self._ending))
        self.pad_id = self._tokenizer.token_to_id("[PAD]") or 0
        self.max_tokens = max_tokens
        self._prompt = prompt
        self._max_characters = max_tokens * CHARACTERS_PER_TOKEN

    def __call__(self, texts: Sequence[str]) -> TokenIds:
        """One row of ids a text."""
        texts = [self._prompt + text for text in texts] if self._prompt else texts
        heads = [self._head(text) for text in texts]
        rows = self._ids(heads)
        for place, (text, head) in enumerate(zip(texts, heads, strict=True)):
            if head is not text and len(rows[place]) < self.max_tokens:
                rows[place] = self._ids([text])[0]
        return _ragged(rows)

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> tuple[TokenIds, TokenIds]:
        """Two texts as one row, at most max_tokens, of which the longer text is cut; and each id's segment, 0 or 1."""
        try:
            encodings = self._encodings(pairs)
        except TypeError:
            mended = [(_without_lone_surrogates(first), _without_lone_surrogates(second)) for first, second in pairs]
            encodings = self._encodings(mended)
        ids = TokenIds.from_lists([encoding.ids for encoding in encodings])
        return ids, TokenIds.from_lists([encoding.type_ids for encoding in encodings])

    @property
    def frame(self) -> tuple[list[int], list[int]]:
        """The special ids that the tokenizer puts before a text, and those after it."""
        encoding = self._tokenizer.encode("a")
        own = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
        return encoding.ids[: own[0]], encoding.ids[own[-1] + 1 :]

    def unread_share(self, texts: Sequence[str]) -> float:
        """Share of the texts that it cannot read, see recsys.models.reading."""
        return unread_share(self._tokenizer, [_without_lone_surrogates(self._head(text)) for text in texts])

    def _head(self, text: str) -> str:
        """The part of a very long text that is enough, as a rule: the tokenizer would read all of it before it cuts.

        Cut at a space, which no token spans, so that a head that fills max_tokens has the ids of the whole text.
        One that does not (endless words, runs of white space) is replaced by the caller.
        """
        if len(text) <= self._max_characters:
            return text
        space = text.rfind(" ", 1, self._max_characters)
        return text if space < 0 else text[:space]

    def _ids(self, texts: list[str]) -> list[list[int]]:
        """Ids a text. The tokenizer refuses lone surrogates with a TypeError; only then are texts looked through."""
        try:
            encodings = self._encodings(texts)
        except TypeError:
            encodings = self._encodings([_without_lone_surrogates(text) for text in texts])
        if self._ending:
            return [encoding.ids + self._ending for encoding in encodings]
        return [encoding.ids for encoding in encodings]

    def _encodings(self, texts: Sequence[Text]) -> list[Encoding]:
        """Of texts or pairs. Tokenising lets other threads of Python run meanwhile."""

        def tokenise(part: Sequence[Text]) -> list[Encoding]:
            return self._tokenizer.encode_batch_fast(part, add_special_tokens=self._special_tokens)

        if self._threads == 1 or sum(map(_n_characters, texts)) < MANY_CHARACTERS:
            return tokenise(texts)
        size = -(-len(texts) // (PARTS_A_THREAD * self._threads))
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        with ThreadPoolExecutor(self._threads, thread_name_prefix="tokenise") as crew:
            return list(chain.from_iterable(crew.map(tokenise, parts)))


def _n_characters(text: str | tuple[str, str]) -> int:
    return len(text) if isinstance(text, str) else len(text[0]) + len(text[1])


def _ragged(rows: list[list[int]]) -> TokenIds:
    """TokenIds.from_lists, without its sums for the single text of the request path."""
    if len(rows) != 1:
        return TokenIds.from_lists(rows)
    return TokenIds(np.array(rows[0], np.int32), np.array([0, len(rows[0])], np.int64))


def _without_lone_surrogates(text: str) -> str:
    """Pairs joined to the character they mean, lone ones replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
