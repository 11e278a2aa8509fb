"""Python's garbage collector, kept out of timed blocks: frozen, off, and every pause logged if it runs all the same."""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Any

from bench.clock import NS_PER_S
from recsys.serving.protocols import Clock


class CollectorOff:
    """Use as a context around a block. pauses: collections in it (a library may turn the collector on again).

    paused_s: how long they took together.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ns = 0
        self.pauses = 0
        self.paused_s = 0.0

    def __enter__(self) -> CollectorOff:
        gc.collect()
        gc.freeze()
        gc.disable()
        gc.callbacks.append(self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gc.callbacks.remove(self._log)
        gc.enable()
        gc.unfreeze()

    def _log(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began_ns = self._clock.now_ns()
        else:
            self.pauses += 1
            self.paused_s += (self._clock.now_ns() - self._began_ns) / NS_PER_S
