"""A server in a thread with one of our protocols, and what a client reads from it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


async def answers_at_once(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads no body: 200, "ok". A path of "/last" ends its connection."""
    connection = b"close" if scope["path"] == "/last" else b"keep-alive"
    headers = [(b"content-length", b"2"), (b"connection", connection)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def listening(protocol: type) -> Iterator[tuple[str, int]]:
    """Where it listens, until the block ends."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(answers_at_once, http=protocol, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        yield sock.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)


def whole_answer(sock: socket.socket) -> bytes:
    """All that comes until the other side ends the connection. Raises ConnectionResetError where it is cut off."""
    answer = b""
    while part := sock.recv(65536):
        answer += part
    return answer
