"""Cleaning of text: what a catalogue or a user's words pass before anything reads them."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"<(?:/?[A-Za-z]|!)[^<>]{0,200}>")  # "5 < 6" and "<3" are no tags
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """Text without markup, control characters, lone surrogates and runs of white space, in Unicode's composed form."""
    if "<" in text or "&" in text:
        text = _TAG.sub(" ", html.unescape(text))
    text = unicodedata.normalize("NFC", _CONTROL.sub(" ", text))
    return _SPACE.sub(" ", text).strip()
