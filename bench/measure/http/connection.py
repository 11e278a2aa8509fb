"""One keep-alive connection: a request out, an answer in, without ever waiting for either."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from typing import Any

from bench.measure.http.address import Address
from bench.measure.http.failures import ConnectionLost, NotConnected, NotHttp, TooLarge

READ_BYTES = 1 << 16
LARGEST_ANSWER_BYTES = 16 << 20
_WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass
class Reply:
    """An answer as it comes in. headers: names in lower case; of a name that stands twice, both, joined by commas."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    is_headed: bool = False
    is_whole: bool = False

    @property
    def ends_with_connection(self) -> bool:
        """Whether only the end of the connection tells the end of the body."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        return self.is_headed and not framed

    # what the parser calls, under its names

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """The body is next."""
        self.is_headed = True

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self.body += part

    def on_message_complete(self) -> None:
        """The end."""
        self.is_whole = True


class Connection:
    """Carries one exchange at a time and is opened anew where the other side has closed it.

    fileno: of its socket, for select. wants_to_write: something of the request has not left yet.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._tls = ssl.create_default_context() if address.is_encrypted else None
        self._socket: socket.socket | None = None
        self._unsent = b""
        self._reply = Reply()
        self._parser: Any = None

    def fileno(self) -> int:
        """The socket's, −1 when it is closed."""
        return self._socket.fileno() if self._socket else -1

    @property
    def wants_to_write(self) -> bool:
        """Whether part of the request has yet to leave."""
        return bool(self._unsent)

    def open(self, limit_s: float) -> None:
        """Be connected, encrypted where the address says so; waits. Raises NotConnected."""
        if self._socket is not None and not self._was_closed():
            return
        self.close()
        try:
            plain = socket.create_connection((self._address.host, self._address.port), limit_s)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self._tls.wrap_socket(plain, server_hostname=self._address.host) if self._tls else plain
            self._socket.setblocking(False)
        except OSError as error:
            self.close()
            raise NotConnected(f"nobody answers at {self._address.origin} ({type(error).__name__})") from error

    def send(self, message: bytes) -> None:
        """Begin an exchange. What does not leave at once leaves with `write`. Raises NotConnected, ConnectionLost."""
        import httptools

        if self._socket is None:
            self.open(limit_s=1.0)
        self._reply = Reply()
        self._parser = httptools.HttpResponseParser(self._reply)
        self._unsent = message
        self.write()

    def write(self) -> None:
        """Let more of the request leave. Raises ConnectionLost."""
        assert self._socket is not None
        try:
            sent = self._socket.send(self._unsent)
        except _WAITS:
            return
        except OSError as error:
            raise ConnectionLost("the connection ended while the request was sent") from error
        self._unsent = self._unsent[sent:]

    def read(self) -> Reply | None:
        """The answer, None while it is not whole. Raises ConnectionLost, NotHttp, TooLarge."""
        while (content := self._receive()) is not None:
            if not content:
                return self._ended()
            self._parse(content)
            if len(self._reply.body) > LARGEST_ANSWER_BYTES:
                raise TooLarge(f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes")
            if self._reply.is_whole:
                return self._whole()
        return None

    def close(self) -> None:
        """End it; `send` opens it again."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._unsent = b""

    def _receive(self) -> bytes | None:
        """What has come, b"" at the end, None while nothing has."""
        assert self._socket is not None
        try:
            return self._socket.recv(READ_BYTES)
        except _WAITS:
            return None
        except OSError as error:
            raise ConnectionLost("the connection was reset before the answer was whole") from error

    def _parse(self, content: bytes) -> None:
        import httptools

        try:
            self._parser.feed_data(content)
            self._reply.status = self._parser.get_status_code()
        except httptools.HttpParserError as error:
            raise NotHttp("what came is no answer of HTTP/1.1") from error
        except httptools.HttpParserUpgrade as error:
            raise NotHttp("the answer changes to another protocol") from error
        if self._reply.is_whole and self._reply.status < 200:  # "continue" and its like: the answer follows
            self._reply = Reply()
            self._parser = httptools.HttpResponseParser(self._reply)

    def _ended(self) -> Reply:
        if not self._reply.ends_with_connection:
            raise ConnectionLost("the connection ended before the answer was whole")
        self.close()
        return self._reply

    def _whole(self) -> Reply:
        if not self._parser.should_keep_alive():
            self.close()
        return self._reply

    def _was_closed(self) -> bool:
        """Whether the other side has ended a connection that rests; what it says unasked ends it too."""
        assert self._socket is not None
        try:
            return self._socket.recv(1) is not None
        except _WAITS:
            return False
        except OSError:
            return True
