"""What a block adds to counters that only rise: the way most probes read."""

from __future__ import annotations

from abc import ABC, abstractmethod


class CounterProbe(ABC):
    """Reads its counters at both ends of a block and returns the differences.

    A counter that could be read at one end only, or that went back (it was reset, or another one stands under its
    name), is left out.
    """

    def __init__(self) -> None:
        self._before: dict[str, float] = {}

    @abstractmethod
    def counters(self) -> dict[str, float]:
        """The counters now, by name, without those that cannot be read."""

    def start(self) -> None:
        """Remember where the counters stand."""
        self._before = self.counters()

    def stop(self) -> dict[str, float]:
        """What was added since the start."""
        after = self.counters()
        added = {name: after[name] - before for name, before in self._before.items() if name in after}
        return {name: difference for name, difference in added.items() if difference >= 0}
