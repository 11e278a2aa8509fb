"""How much of some texts a tokenizer can read: whether a model can know their language at all.

A tokenizer shows no more than that. What it reads, a model may still never have learnt; what it cannot read, none has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

SAMPLE = 1_000
"""Texts that are looked at, evenly spaced: a share of them is within ±0.03 of that of all."""
UNREAD_LETTERS = 1 / 3
"""Share of unread letters from which a text counts as one in a language that is not known. MiniLM's English vocabulary
has 488 Chinese characters, so that of plain Chinese sentences 47 to 93 % of the letters are unread; of English next to
none."""
UNKNOWN = frozenset({"[UNK]", "<unk>"})
WORD_PIECE = "##"


def unread_share(tokenizer: Any, texts: Sequence[str]) -> float:
    """Share of the texts, of which it looks at up to 1,000, that the tokenizer cannot read; 0 for no texts.

    A letter is unread in a token that stands for anything unknown; as the only letter of a word's later piece, unless
    it is Latin (words of a known language come in longer pieces); and where it takes several tokens, each some bytes.
    A text is, when a third of its letters are; one without letters is not. tokenizer: of the library tokenizers.
    """
    sample = [text for text in texts[:: -(-len(texts) // SAMPLE) or 1] if any(map(str.isalpha, text))]
    if not sample:
        return 0.0
    encodings = tokenizer.encode_batch(sample, add_special_tokens=False)
    shares = [_unread_letters(text, encoding) for text, encoding in zip(sample, encodings, strict=True)]
    return sum(share >= UNREAD_LETTERS for share in shares) / len(shares)


def _unread_letters(text: str, encoding: Any) -> float:
    """Share of the letters that were read as far as the text was, which no token stands for."""
    seen: set[int] = set()
    unread: set[int] = set()
    for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True):
        letters = {place for place in range(start, end) if text[place].isalpha()}
        is_spelt = len(letters) == 1 and token.startswith(WORD_PIECE) and not _is_latin(text[min(letters)])
        unread |= letters if token in UNKNOWN or is_spelt else letters & seen
        seen |= letters
    return len(unread) / len(seen) if seen else 0.0


def _is_latin(letter: str) -> bool:
    return "LATIN" in unicodedata.name(letter, "")
