"""HTML: entities become the characters that they name, tags and comments become spaces."""

from __future__ import annotations

import html
import re
from typing import ClassVar

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep

_TAG = re.compile(r"<(?:/?[A-Za-z]|!)[^<>]{0,200}>")  # "5 < 6" and "<3" are no tags


@TEXT_STEPS.register("markup")
class MarkupStep(TextStep):
    """On by default. What looks like a tag after its entities were read is one too, as in `&lt;b&gt;`."""

    ORDER: ClassVar[int] = 10

    def __call__(self, text: str) -> str:
        """The text without markup."""
        return _TAG.sub(" ", html.unescape(text)) if "<" in text or "&" in text else text
