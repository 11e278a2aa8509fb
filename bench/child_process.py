"""Ending a process that was started with pipes: the end of its input tells it, and where it does not heed, a signal."""

from __future__ import annotations

import contextlib
import subprocess
from typing import Any


def end(process: subprocess.Popen[Any], limit_s: float) -> None:
    """Close its input, wait so long for it to finish what it has, then kill it; its pipes are closed afterwards."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it died with something unread
            process.stdin.close()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
