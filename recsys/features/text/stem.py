"""Words become their stems, so that "kettle" finds "kettles"; a stem is no word that a language model was taught."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from recsys.errors import BadOptions
from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep
from recsys.features.text.words import WordByWord
from recsys.options import OptionsModel

REQUIRES = ("snowballstemmer",)


class StemOptions(OptionsModel):
    """language: one that Snowball has a stemmer for, by its English name."""

    language: str = Field("english", min_length=1)


@TEXT_STEPS.register("stem")
class StemStep(TextStep):
    """Off by default. Snowball's stemmers (Porter 2001), from the library; made for TF-IDF and hashing."""

    Options: ClassVar[type[OptionsModel]] = StemOptions
    ORDER: ClassVar[int] = 90
    SHORT: ClassVar[str] = "language"

    def __init__(self, options: StemOptions) -> None:
        """Raise BadOptions for a language without a stemmer."""
        import snowballstemmer

        known = snowballstemmer.algorithms()
        if options.language not in known:
            raise BadOptions(f'text step "stem": no language "{options.language}". Known: {", ".join(sorted(known))}')
        stem = snowballstemmer.stemmer(options.language).stemWord
        self._stems = WordByWord(lambda word: stem(word.lower()))

    def __call__(self, text: str) -> str:
        """The text with every word stemmed, in lower case."""
        return self._stems(text)
