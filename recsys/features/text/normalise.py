"""Unicode: one form for what looks the same, no control characters and no lone surrogates."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar, Literal

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep
from recsys.options import OptionsModel

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""Soft hyphen, zero-width space, word joiner, byte order mark; not the joiners that shape letters and emoji."""


class NormaliseOptions(OptionsModel):
    """form: "NFC" composes accents; "NFKC" also turns full-width letters, ligatures and the like into plain ones.

    drop_invisible: take out soft hyphens and zero-width spaces, which cut a word in two where a reader sees one.
    """

    form: Literal["NFC", "NFKC"] = "NFC"
    drop_invisible: bool = False


@TEXT_STEPS.register("normalise")
class NormaliseStep(TextStep):
    """On by default, as NFC."""

    Options: ClassVar[type[OptionsModel]] = NormaliseOptions
    ORDER: ClassVar[int] = 20
    SHORT: ClassVar[str] = "form"

    def __init__(self, options: NormaliseOptions) -> None:
        self._options = options

    def __call__(self, text: str) -> str:
        """The text in its normal form (Unicode Standard Annex 15)."""
        if self._options.drop_invisible:
            text = _INVISIBLE.sub("", text)
        return unicodedata.normalize(self._options.form, _CONTROL.sub(" ", text))
