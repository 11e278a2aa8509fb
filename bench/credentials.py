"""Passwords have no place in a scenario: it is stored with every run, and runs are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bench.errors import ConfigError


def refuse_passwords(tables: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError where a value is an address with a password in it; the message does not repeat it."""
    for key, text in _texts(tables, ""):
        if "://" in text and "@" in text and _has_password(text):
            raise ConfigError(
                f"{where}: {key}: an address with a password, which every run of it would store. "
                "Next: leave it out here, and give the address in the environment"
            )


def _has_password(text: str) -> bool:
    try:
        return urlsplit(text).password is not None
    except ValueError:  # no address at all
        return False


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text in nested tables and lists, with the key it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, Sequence):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{key}.{place}")
