"""A worker whose parent was killed would go on with its block, and contaminate what is measured next."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that the calling process gets when the thread that started it ends."""


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends. Elsewhere than on Linux it ends after its block."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), signal.SIGKILL)
