"""Environment variables that libraries read once, when they are loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence


def set_back(names: Sequence[str]) -> str:
    """The commands that give these variables the values they have now."""
    present = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    absent = [name for name in names if name not in os.environ]
    commands = ([f"export {' '.join(present)}"] if present else []) + ([f"unset {' '.join(absent)}"] if absent else [])
    return " && ".join(commands)
