"""Letters without case, so that a word at the start of a sentence is the same word."""

from __future__ import annotations

from typing import ClassVar

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep


@TEXT_STEPS.register("case_folding")
class CaseFoldingStep(TextStep):
    """Off by default. TF-IDF, hashing and uncased models fold by themselves; a cased model loses names by it."""

    ORDER: ClassVar[int] = 60

    def __call__(self, text: str) -> str:
        """The text under Unicode's full case folding: "Straße" becomes "strasse"."""
        return text.casefold()
