"""The contract of a text step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from recsys.options import OptionsModel


class NoOptions(OptionsModel):
    """A step that is on or off."""


class TextStep(ABC):
    """One step of cleaning, called with a text and used by several threads. It is made from its Options.

    ORDER: its place among the steps, see recsys.features.text. SHORT: the option that a plain value stands for, as in
    `stem = "german"`; "" = there is none. LEARNS: fit does something.
    """

    Options: ClassVar[type[OptionsModel]] = NoOptions
    ORDER: ClassVar[int]
    SHORT: ClassVar[str] = ""
    LEARNS: ClassVar[bool] = False

    def __init__(self, options: OptionsModel) -> None:  # noqa: B027 a step without options has nothing to keep
        """Take the options, an instance of the step's Options."""

    def fit(self, texts: Sequence[str]) -> None:  # noqa: B027 most steps have nothing to learn
        """Learn from the catalogue's texts known at t0, as the steps before have left them."""

    @abstractmethod
    def __call__(self, text: str) -> str:
        """The text after this step; runs of white space may be left, the cleaner makes them single."""
