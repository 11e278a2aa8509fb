"""A real Redis server of a test's own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STARTS_WITHIN_S = 20.0


class RedisServer:
    """Listens on a free port of this machine, keeps nothing on disk. url: to find it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._command = ["redis-server", "--port", str(self._port), "--save", "", "--dir", str(folder)]
        self.start()

    def start(self) -> None:
        """Come back empty, on the same port."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.02)
        raise TimeoutError("redis-server did not start")

    def kill(self) -> None:
        """Gone, as after a crash."""
        self._process.kill()
        self._process.wait()

    def suspend(self) -> None:
        """Accepts connections and answers nothing."""
        self._process.send_signal(19)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server for as long as the context lasts; skips the test where Redis is not installed."""
    pytest.importorskip("redis", reason="the package redis is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()
