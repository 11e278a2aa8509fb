"""--json FILE: whether it can be written is found out before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.errors import ConfigError

JsonFileOption = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write everything into a file, for machines.")
]


def require_writable(path: Path | None, option: str = "--json") -> None:
    """Raise ConfigError where no file can be made under this name. None: none is wanted. option: that names it."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise ConfigError(f"{option} {path}: no file can be written there. Next: a file's name in a folder that exists")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it. Raises ConfigError where that is refused, ValueError for numbers that JSON does not have."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str, option: str = "--json") -> None:
    """Write a file that an option names. Raises ConfigError where that is refused."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot be written: {error}. Next: another file") from error
