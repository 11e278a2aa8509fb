"""Tasks for a measuring process that go wrong, or say what is around them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from bench.clock import MonotonicClock


@dataclass(frozen=True)
class Dies:
    """Ends the process without a word."""

    exit_code: int

    def run(self, clock: MonotonicClock) -> None:
        os._exit(self.exit_code)


@dataclass(frozen=True)
class Raises:
    """Breaks."""

    def run(self, clock: MonotonicClock) -> None:
        raise RuntimeError("planted")


@dataclass(frozen=True)
class Packages:
    """Which top-level packages the process has loaded by now."""

    def run(self, clock: MonotonicClock) -> set[str]:
        return {name.partition(".")[0] for name, module in sys.modules.items() if module}
