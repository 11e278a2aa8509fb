"""Some text steps, one after another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.features.text.step import TextStep

_SPACE = re.compile(r"\s+")


class TextCleaner:
    """Takes a text through its steps, in their ORDER, and leaves single spaces and none at the ends."""

    def __init__(self, steps: Sequence[TextStep]) -> None:
        self.steps = tuple(sorted(steps, key=lambda step: step.ORDER))

    def fit(self, texts: Sequence[str]) -> None:
        """Let the steps that learn do so, each from these texts as the steps before it leave them."""
        last = max((place for place, step in enumerate(self.steps) if step.LEARNS), default=-1)
        for place, step in enumerate(self.steps[: last + 1]):
            step.fit(texts)
            if place < last:
                texts = [step(text) for text in texts]

    def __call__(self, text: str) -> str:
        """The cleaned text."""
        for step in self.steps:
            text = step(text)
        return _SPACE.sub(" ", text).strip()
