"""A recommender of somebody else's, on sockets of this process, with faults that can be planted."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

Answer = Callable[[bytes, bytes], bytes]
"""From a request's head and body to the bytes that go back; b"" = end the connection without a word."""


class ForeignService:
    """url: where it answers. heads, bodies: of what it was asked so far. connections: made so far."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        """tls: with the certificate that it shows; None: nothing is encrypted."""
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            content = b""
            while True:
                while b"\r\n\r\n" not in content:
                    part = connection.recv(65536)
                    if not part:
                        return
                    content += part
                head, _, content = content.partition(b"\r\n\r\n")
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                               if line.startswith(b"content-length:")), 0)  # fmt: skip
                while len(content) < length:
                    content += connection.recv(65536)
                body, content = content[:length], content[length:]
                self.heads.append(head)
                self.bodies.append(body)
                answer = self._answer(head, body)
                if not answer:
                    return
                connection.sendall(answer)


def reply(content: object, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer with a JSON body."""
    body = json.dumps(content).encode()
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def nap(seconds: float) -> None:
    """Be slow."""
    time.sleep(seconds)


@contextmanager
def foreign_service(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[ForeignService]:
    """Serve until the block ends."""
    service = ForeignService(answer, tls)
    try:
        yield service
    finally:
        service.close()


def by_popularity(ids: Sequence[str]) -> Answer:
    """The same list for everybody."""

    def answer(head: bytes, body: bytes) -> bytes:
        return reply({"items": [{"id": item_id, "why": "popular"} for item_id in ids]}, "200 OK", "X-Any: thing")

    return answer


def foreign_arm(url: str, extra: str = "", body: str = '{"who": "{user}", "count": {k}, "history": {history}}') -> str:
    """An arm that asks it."""
    return f"""
[[arm]]
name = "theirs"
target = {{ kind = "http", url = "{url}/rec", body = '{body}', ids = "items[*].id", connections = 4{extra} }}
"""
