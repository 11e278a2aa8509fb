"""Cleaning of text: what a catalogue or a user's words pass before anything reads them.

One file is one step, registered in TEXT_STEPS under its own name and switched by that name. Whatever the order in which
steps are named, a text passes them by their ORDER:

    markup 10 → normalise 20 → urls 30 → emoji 40 → punctuation 50 → case_folding 60
    → spelling 70 → stop_words 80 → stem 90

so that each finds what it looks for: entities are characters before characters are composed, words are spelt right
before they are looked up in a list, and stems, which are no words any more, come last. White space ends up single.
A new step is one new file, with an ORDER of its own, and is off until it is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from recsys.errors import BadOptions
from recsys.features.text.cleaner import TextCleaner
from recsys.options import OptionsModel, parse_options
from recsys.registry import Registry

TEXT_STEPS: Registry[Any] = Registry("recsys.features.text", "text step")
DEFAULT_STEPS: Mapping[str, object] = MappingProxyType({"markup": True, "normalise": True})
"""What is done where nothing is said."""
KEEP = "keep"
"""The same as false, for those who like to read what happens."""


def build_cleaner(settings: Mapping[str, object] = MappingProxyType({})) -> TextCleaner:
    """A cleaner of these steps and the default ones that they do not name.

    settings: step → False or "keep" (leave it out), True (its defaults), a table of its options, or the value of its
    main option. Raises UnknownKind, MissingLibrary, BadOptions.
    """
    chosen = {kind: _options(kind, setting) for kind, setting in {**DEFAULT_STEPS, **settings}.items()}
    return TextCleaner([TEXT_STEPS.get(kind)(options) for kind, options in chosen.items() if options is not None])


def check_steps(settings: Mapping[str, object]) -> None:
    """Raise UnknownKind or BadOptions as build_cleaner would; a library may be absent, and nothing is built."""
    for kind, setting in settings.items():
        if not TEXT_STEPS.entry(kind).missing:
            _options(kind, setting)


def clean_text(text: str) -> str:
    """The text after the default steps."""
    return _default_cleaner()(text)


@cache
def _default_cleaner() -> TextCleaner:
    return build_cleaner()


def _options(kind: str, setting: object) -> OptionsModel | None:
    """The step's options, None where it is left out."""
    step = TEXT_STEPS.get(kind)
    if setting is False or setting == KEEP:
        return None
    given: Mapping[str, object] = {}
    if isinstance(setting, Mapping):
        given = setting
    elif setting is not True:
        if not step.SHORT:
            raise BadOptions(f'text step "{kind}" = {setting!r}. Next: true, false, or a table of its options')
        given = {step.SHORT: setting}
    options: OptionsModel = parse_options(step.Options, given, f'text step "{kind}"')
    return options


__all__ = ["DEFAULT_STEPS", "TEXT_STEPS", "TextCleaner", "build_cleaner", "check_steps", "clean_text"]
