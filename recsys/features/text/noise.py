"""Noise planted on purpose: what people, editors and feeds do to texts, at known rates, to see what it costs.

No step of cleaning but its opposite: the instrument plants it in the data, before and outside of what it times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Literal

from pydantic import Field

from recsys.data.dataset import Dataset
from recsys.options import OptionsModel
from recsys.types import Item

Where = Literal["items", "queries"]

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: row[max(place - 1, 0) : place + 2].replace(key, "") for row in _KEYS for place, key in enumerate(row)
}
_CORE = re.compile(r"[A-Za-z]{4,}")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
_SOFT_HYPHEN = "\u00ad"
_MARKUP = ("<b>{}</b>", "{}<br/>", '<span class="highlight">{}</span>', "{}&nbsp;", "&quot;{}&quot;")
_EMOJI = "😀😍🔥👍🎬🎵🛒✨"
_PUNCTUATION = ("{}!!!", "{}...", "“{}”", "*{}*", "({})")


class NoiseOptions(OptionsModel):
    """How much of each kind; nothing by default. The rates are parts of 100 words, drawn for every word by itself.

    typos: a letter left out, put in, replaced by a neighbour on the keyboard, or swapped with the next, the four slips
    of Damerau (1964), never at the first letter; only words of four Latin letters or more have them. broken: a soft
    hyphen in the word, or full-width letters, both as copying leaves them. capitals: the word in capitals. punctuation,
    markup: around the word. emoji, urls: after it.
    seed: a text gets the same noise in every run and arm; other texts, queries and items other noise.
    where: "items": titles and descriptions, and so the profile texts made of them; "queries": all words of users.
    """

    typos_per_100_words: float = Field(0.0, ge=0, le=100)
    broken_per_100_words: float = Field(0.0, ge=0, le=100)
    capitals_per_100_words: float = Field(0.0, ge=0, le=100)
    punctuation_per_100_words: float = Field(0.0, ge=0, le=100)
    markup_per_100_words: float = Field(0.0, ge=0, le=100)
    emoji_per_100_words: float = Field(0.0, ge=0, le=100)
    urls_per_100_words: float = Field(0.0, ge=0, le=100)
    seed: int = Field(7, ge=0)
    where: tuple[Where, ...] = ("items", "queries")


class Noise:
    """Plants noise in texts. A kind's places do not move when another kind's rate is changed."""

    def __init__(self, options: NoiseOptions) -> None:
        self._seed = options.seed
        self._where = options.where
        shares = {kind: getattr(options, f"{kind}_per_100_words") / 100 for kind in _SPOILS}
        self._shares = {kind: share for kind, share in shares.items() if share > 0}

    def is_planted(self, where: Where) -> bool:
        """Whether texts of this place get any."""
        return bool(self._shares) and where in self._where

    def __call__(self, text: str, where: Where) -> str:
        """The text with its noise; as it is where none is planted."""
        if not self.is_planted(where):
            return text
        words = text.split(" ")
        for kind, share in self._shares.items():
            draws = Random(f"{self._seed} {kind} {where} {text}")  # a string's own hash: the same in every process
            chosen = [bool(word) and draws.random() < share for word in words]
            words = [_SPOILS[kind](word, draws) if hit else word for word, hit in zip(words, chosen, strict=True)]
        return " ".join(words)


def noisy_dataset(dataset: Dataset, noise: Noise) -> Dataset:
    """The same data set with noise in its items' titles and texts, and in the users' words that came with events."""
    if noise.is_planted("items"):
        dataset = replace(dataset, items=tuple(_noisy_item(item, noise) for item in dataset.items))
    if noise.is_planted("queries") and dataset.texts:
        dataset = replace(dataset, texts={row: noise(text, "queries") for row, text in dataset.texts.items()})
    return dataset


def _noisy_item(item: Item, noise: Noise) -> Item:
    return replace(item, title=noise(item.title, "items"), text=noise(item.text, "items"))


def _typo(word: str, draws: Random) -> str:
    core = _CORE.search(word)
    if core is None:
        return word
    letters = core[0]
    place = draws.randrange(1, len(letters) - 1)
    before, letter, after = letters[:place], letters[place], letters[place + 1 :]
    near = draws.choice(_NEIGHBOURS[letter.lower()])
    near = near.upper() if letter.isupper() else near
    swapped = before + after[0] + letter + after[1:]
    slips = [before + after, before + near + letter + after, before + near + after, swapped]
    slip = draws.choice([slip for slip in slips if slip != letters])  # to swap equal letters is no slip
    return word[: core.start()] + slip + word[core.end() :]


def _broken(word: str, draws: Random) -> str:
    if draws.random() < 0.5:
        return word.translate(_FULL_WIDTH)
    return word[: len(word) // 2] + _SOFT_HYPHEN + word[len(word) // 2 :]


_SPOILS: dict[str, Callable[[str, Random], str]] = {
    "typos": _typo,
    "broken": _broken,
    "capitals": lambda word, draws: word.upper(),
    "punctuation": lambda word, draws: draws.choice(_PUNCTUATION).format(word),
    "markup": lambda word, draws: draws.choice(_MARKUP).format(word),
    "emoji": lambda word, draws: f"{word} {draws.choice(_EMOJI)}",
    "urls": lambda word, draws: f"{word} https://www.example.com/p/{draws.randrange(10_000)}?utm_source=mail",
}
"""Kind → what it makes of a word, in the order in which they meet it: typos in the letters, markup around them."""
