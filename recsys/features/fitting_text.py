"""A user's text with as many of the newest titles as a model reads, which cuts a longer text at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from recsys.encoders.protocol import Encoder
from recsys.features.profile import Profile
from recsys.features.user_text import user_text

SEPARATOR_TOKENS = 1


class FittingText:
    """Leaves the oldest titles out where all of them are more than the encoder reads.

    titles: of the catalogue, by position; they may change later. Every title's tokens are counted beforehand, so that a
    request only adds up.
    """

    def __init__(self, titles: Sequence[str], encoder: Encoder) -> None:
        self._titles = titles
        self._max_tokens = encoder.info.max_tokens  # 0 = it reads everything
        self._tokens: dict[str, int] = {}
        self.learn(titles, encoder)

    def learn(self, titles: Iterable[str], encoder: Encoder) -> None:
        """Count the tokens of these titles too."""
        if not self._max_tokens:
            return
        new = sorted(set(titles) - self._tokens.keys())
        counts = encoder.prepare(["", *new]).n_tokens
        frame = int(counts[0])  # special tokens and the prompt stand once in a text, however many titles
        self._room = self._max_tokens - frame + SEPARATOR_TOKENS
        self._tokens |= zip(new, (counts[1:] - frame + SEPARATOR_TOKENS).tolist(), strict=True)

    def __call__(self, profile: Profile) -> str:
        """The query; or the newest titles that fit, one at least, oldest first."""
        if profile.query or not self._max_tokens or not len(profile.items):
            return user_text(profile, self._titles)
        tokens = [self._tokens[self._titles[position]] for position in profile.items[::-1].tolist()]
        fitting = int(np.searchsorted(np.cumsum(tokens), self._room, side="right"))
        return user_text(profile, self._titles, newest=max(1, fitting))
