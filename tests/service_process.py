"""A real service in a process of its own, started by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
END_LIMIT_S = 20


class ServiceProcess:
    """url: where it answers."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.host, port = url.removeprefix("http://").split(":")
        self.port = int(port)

    def post(self, path: str, content: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON and headers (their names in lower case) of an answer."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self._open(urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}))

    def get(self, path: str) -> tuple[int, Any, dict[str, str]]:
        """The same without a body; text where it is not JSON."""
        return self._open(urllib.request.Request(self.url + path))

    @staticmethod
    def _open(request: urllib.request.Request) -> tuple[int, Any, dict[str, str]]:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                content, status, headers = reply.read(), reply.status, _lower(reply.headers)
        except urllib.error.HTTPError as error:
            content, status, headers = error.read(), error.code, _lower(error.headers)
        try:
            return status, json.loads(content), headers
        except ValueError:
            return status, content.decode(), headers


@contextmanager
def serving(scenario: str, arm: str, *options: str) -> Iterator[ServiceProcess]:
    """Serve an arm on a free port until the block ends."""
    words: Sequence[str] = ["serve", scenario, "--arm", arm, "--port", "0", *options]
    process = subprocess.Popen(
        [sys.executable, "run_bench.py", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = ""
        while not url:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            url = line.partition(" on ")[2].strip() if line.startswith("serving ") else ""
        yield ServiceProcess(process, url)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
