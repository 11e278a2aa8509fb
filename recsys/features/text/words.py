"""What a word is: for counting them, and for changing them one by one.

Chinese and Japanese put no spaces between words, and Korean writes particles onto them. Without a segmenter a run of
their characters stands for its single characters and its pairs of neighbours, which find most words (Nie et al. 2000).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_KANA = "\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7af\ud7b0-\ud7ff"
_UNSPACED = f"[{_HAN}{_KANA}{_HANGUL}]"
_RUN = re.compile(f"{_UNSPACED}+")
_WORD = re.compile(r"\b\w\w+\b")
"""scikit-learn's own token pattern."""

_LETTER = rf"(?:(?!{_UNSPACED})[^\W\d_])"
LETTERS = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)*")
"""A word of a script that has spaces, apostrophes within it included."""
REMEMBERED_WORDS = 65_536


def words_of(text: str) -> list[str]:
    """The words that TF-IDF and hashing count, in lower case: what scikit-learn's vectorizers find by default.

    Of Han, Kana and Hangul, the single characters and the pairs of neighbours in place of whole runs; they come last.
    """
    text = text.lower()
    if text.isascii():
        return _WORD.findall(text)
    runs: list[str] = _RUN.findall(text)
    if not runs:
        return _WORD.findall(text)
    words: list[str] = _WORD.findall(_RUN.sub(" ", text))
    for run in runs:
        words.extend(run)
        words.extend(first + second for first, second in zip(run, run[1:], strict=False))
    return words


class WordByWord:
    """Changes every word of a text by itself, and remembers what became of it. Runs of Han, Kana and Hangul stay.

    change: called by one thread at a time, since the libraries behind it keep state.
    """

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._one_at_a_time = threading.Lock()
        self._changed = lru_cache(REMEMBERED_WORDS)(self._change_alone)

    def __call__(self, text: str) -> str:
        """The text with its words changed and all else as it was."""
        return LETTERS.sub(lambda match: self._changed(match[0]), text)

    def _change_alone(self, word: str) -> str:
        with self._one_at_a_time:
            return self._change(word)
