"""One file a verb: parse and call, no logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recsys.registry import Registry

COMMANDS: Registry[Callable[..., Any]] = Registry("bench.commands", "command")
