"""Processes that Ray started for this one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import psutil


def workers_of(name: str) -> list[psutil.Process]:
    """Those of our cluster that run what is called so."""
    found = []
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if line.startswith("ray::") and name in line:
            found.append(process)
    return found


class Killer:
    """Ends one process of this name by SIGKILL as soon as the moment has come. killed: it did."""

    def __init__(self, name: str, is_time: Callable[[], bool], limit_s: float = 60.0) -> None:
        self.killed = False
        self._name, self._is_time, self._limit_s = name, is_time, limit_s
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.join(self._limit_s)

    def _watch(self) -> None:
        until = time.monotonic() + self._limit_s
        while time.monotonic() < until:
            if self._is_time() and (found := workers_of(self._name)):
                found[0].kill()
                self.killed = True
                return
            time.sleep(0.01)
