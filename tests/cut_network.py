"""A pytest-free plug: imported by a Python process, it makes every connection but to this machine an error."""

from __future__ import annotations

import socket
import sys
from typing import Any

CUT = "the network is cut"
_LOCAL = ("127.", "::1", "localhost")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: connections, and names to be looked up, that lead away from here."""
    if event == "socket.connect":
        made, address = arguments
        if made.family != getattr(socket, "AF_UNIX", None) and not str(address[0]).startswith(_LOCAL):
            raise PermissionError(f"{CUT}: {address}")
    elif event == "socket.getaddrinfo" and not str(arguments[0]).startswith(_LOCAL):
        raise PermissionError(f"{CUT}: {arguments[0]}")


sys.addaudithook(_refuse)
