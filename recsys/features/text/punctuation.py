"""Punctuation becomes space, except inside a word or a number."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep

_CANDIDATE = re.compile(r"[^\w\s]|_")
_IN_WORDS = frozenset("'’-‐")
_IN_NUMBERS = frozenset(".,")


@TEXT_STEPS.register("punctuation")
class PunctuationStep(TextStep):
    """Off by default. Takes Unicode's punctuation and symbols; don't, e-mail and 3.5 stay whole.

    Emoji are symbols too: those that the step before has left go here.
    """

    ORDER: ClassVar[int] = 50

    def __call__(self, text: str) -> str:
        """The text without punctuation."""
        return _CANDIDATE.sub(_space_or_itself, text)


def _space_or_itself(match: re.Match[str]) -> str:
    mark, place, text = match[0], match.start(), match.string
    if unicodedata.category(mark)[0] not in "PS":  # a combining mark is part of its letter
        return mark
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    inside_word = mark in _IN_WORDS and before.isalnum() and after.isalnum()
    inside_number = mark in _IN_NUMBERS and before.isdigit() and after.isdigit()
    return mark if inside_word or inside_number else " "
