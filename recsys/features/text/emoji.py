"""Emoji are left out, or become their English names, which an encoder can read."""

from __future__ import annotations

from typing import ClassVar, Literal

from recsys.features.text import TEXT_STEPS
from recsys.features.text.step import TextStep
from recsys.options import OptionsModel

REQUIRES = ("emoji",)


class EmojiOptions(OptionsModel):
    """how: "drop", or "name" for the short name of Unicode's CLDR: "🎬" becomes "clapper board"."""

    how: Literal["drop", "name"] = "drop"


@TEXT_STEPS.register("emoji")
class EmojiStep(TextStep):
    """Off by default. Sequences (families, skin tones, flags) count as one emoji, as the library `emoji` knows them."""

    Options: ClassVar[type[OptionsModel]] = EmojiOptions
    ORDER: ClassVar[int] = 40
    SHORT: ClassVar[str] = "how"

    def __init__(self, options: EmojiOptions) -> None:
        import emoji

        self._replace = emoji.replace_emoji
        self._new = _name if options.how == "name" else " "
        self._replace("🙂", self._new)  # the library builds its tree of emoji at first use: not in a request

    def __call__(self, text: str) -> str:
        """The text without emoji, or with their names."""
        return text if text.isascii() else self._replace(text, self._new)


def _name(emoji: str, data: dict[str, str]) -> str:
    """The library gives ":clapper_board:"."""
    return f" {data['en'].strip(':').replace('_', ' ')} "
