"""Words that stand in every text and tell none apart are left out."""

from __future__ import annotations

from typing import ClassVar

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep
from recsys.features.text.words import LETTERS
from recsys.options import OptionsModel

REQUIRES = ("sklearn",)


class StopWordsOptions(OptionsModel):
    """also: words to leave out beside scikit-learn's English list, in lower case."""

    also: tuple[str, ...] = ()


@TEXT_STEPS.register("stop_words")
class StopWordsStep(TextStep):
    """Off by default. A text of stop words alone is kept as it is: "The Who" and "It" are titles."""

    Options: ClassVar[type[OptionsModel]] = StopWordsOptions
    ORDER: ClassVar[int] = 80

    def __init__(self, options: StopWordsOptions) -> None:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        self._stop_words = ENGLISH_STOP_WORDS | set(options.also)

    def __call__(self, text: str) -> str:
        """The text without stop words."""
        rest = LETTERS.sub(lambda match: "" if self._is_stop_word(match[0]) else match[0], text)
        return rest if any(map(str.isalnum, rest)) else text

    def _is_stop_word(self, word: str) -> bool:
        return word.lower().replace("'", "").replace("’", "") in self._stop_words  # the list has "cant" for "can't"
