"""Misspelt words become the catalogue's own words that they are closest to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import ClassVar, Literal

from pydantic import Field

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep
from recsys.features.text.words import LETTERS, WordByWord
from recsys.options import OptionsModel

REQUIRES = ("symspellpy",)

LONG_WORD = 8
"""Letters from which two edits still leave a word recognisable."""
_DICTIONARIES = {"english": "frequency_dictionary_en_82_765.txt"}


class SpellingOptions(OptionsModel):
    """What is mended, and into what.

    A word of the catalogue is spelt right, and may be what another was meant to be, when it stands in min_texts of its
    texts or in the dictionary. min_letters: shorter words stay. max_edits: 2 allows a word of eight letters or more a
    second edit. dictionary: the library's 82,765 English words, none of which is mended; "none" for other languages,
    where rare words are then taken for slips of more frequent ones.
    """

    min_texts: int = Field(2, ge=1)
    min_letters: int = Field(4, ge=2)
    max_edits: Literal[1, 2] = 1
    dictionary: Literal["english", "none"] = "english"


@TEXT_STEPS.register("spelling")
class SpellingStep(TextStep):
    """Off by default. SymSpell (Garbe 2012, from the library) over the words of the catalogue as it is known at t0.

    An edit inserts, leaves out or replaces a letter, or swaps two neighbours (Damerau 1964). Of the closest words the
    one in most texts is taken; where none is close the word stays. A word that is right but was not meant stays, too.
    """

    Options: ClassVar[type[OptionsModel]] = SpellingOptions
    ORDER: ClassVar[int] = 70
    LEARNS: ClassVar[bool] = True

    def __init__(self, options: SpellingOptions) -> None:
        self._options = options
        self._english = _words_of_dictionary(options.dictionary)
        self.fit([])

    def fit(self, texts: Sequence[str]) -> None:
        """Count in how many of the texts each word stands, and index those that are trusted."""
        from symspellpy import SymSpell

        counts = Counter(word for text in texts for word in set(LETTERS.findall(text.lower())))
        self._trusted = {
            word: count for word, count in counts.items() if count >= self._options.min_texts or word in self._english
        }
        self._index = SymSpell(max_dictionary_edit_distance=self._options.max_edits)
        for word, count in self._trusted.items():
            self._index.create_dictionary_entry(word, count)
        self._mended = WordByWord(self._mend)

    def __call__(self, text: str) -> str:
        """The text with its misspelt words mended, in the case in which they were written."""
        return self._mended(text)

    def _mend(self, word: str) -> str:
        lower = word.lower()
        if len(word) < self._options.min_letters or lower in self._trusted or lower in self._english:
            return word
        from symspellpy import Verbosity

        edits = self._options.max_edits if len(word) >= LONG_WORD else 1
        closest = self._index.lookup(lower, Verbosity.TOP, max_edit_distance=edits)
        return _in_case_of(word, closest[0].term) if closest else word


def _in_case_of(word: str, mended: str) -> str:
    """The mended word written as the other is: Title, UPPER or lower."""
    if word.isupper():
        return mended.upper()
    return mended.capitalize() if word[0].isupper() else mended


@cache
def _words_of_dictionary(name: str) -> frozenset[str]:
    if name == "none":
        return frozenset()
    lines = (files("symspellpy") / _DICTIONARIES[name]).read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.split(" ", 1)[0] for line in lines)
