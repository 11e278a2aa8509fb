"""Web addresses are left out: they say where a text came from, seldom what it is about."""

from __future__ import annotations

import re
from typing import ClassVar

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep

_URL = re.compile(
    r"""
    (?<![A-Za-z0-9])(?:https?://|www\.)      # the two ways in which people write them
    [A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*   # RFC 3986; other scripts may follow without a space
    [A-Za-z0-9\-_~/#@$&*+=%]                 # the sentence's own punctuation stays
    """,
    re.VERBOSE | re.IGNORECASE,
)


@TEXT_STEPS.register("urls")
class UrlsStep(TextStep):
    """Off by default. Takes what begins with http://, https:// or www."""

    ORDER: ClassVar[int] = 30

    def __call__(self, text: str) -> str:
        """The text without addresses."""
        return _URL.sub(" ", text)
