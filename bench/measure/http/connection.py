"""One keep-alive connection: a request out, an answer in. Only to be opened for the first time takes waiting."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator

from bench.measure.http.address import Address
from bench.measure.http.failures import ConnectionLost, NotConnected
from bench.measure.http.reply import Reply, ReplyParser

READ_BYTES = 1 << 16
_WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """Carries one exchange at a time and is opened anew where the other side has closed it.

    fileno: of its socket, for select. wants_to_write: it goes on once its socket takes more; otherwise when something
    can be read. reopened: how often an exchange found it closed, by the other side or after a failure, and had to wait
    for a handshake; others need not.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext | None = None) -> None:
        """tls: whom to trust, where the address is encrypted; connections share it, since to read it takes long."""
        self._address = address
        self._tls = tls
        self._socket: socket.socket | None = None
        self._reached: tuple[int, tuple[object, ...]] | None = None  # the address that answered, and its family
        self._opening: Iterator[bool] | None = None  # steps of opening anew; each says whether it waits to write
        self._opening_writes = False
        self._unsent = b""
        self._incoming: ReplyParser | None = None
        self.reopened = 0

    def fileno(self) -> int:
        """The socket's, −1 when it is closed."""
        return self._socket.fileno() if self._socket else -1

    @property
    def wants_to_write(self) -> bool:
        """Whether it waits for its socket to take more."""
        return self._opening_writes if self._opening else bool(self._unsent)

    def open(self, limit_s: float) -> None:
        """Be connected, encrypted where the address says so; waits. Raises NotConnected."""
        if self._is_usable():
            return
        self.close()
        try:
            plain = socket.create_connection((self._address.host, self._address.port), limit_s)
            self._reached = plain.family, plain.getpeername()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self._tls.wrap_socket(plain, server_hostname=self._address.host) if self._tls else plain
            self._socket.setblocking(False)
        except OSError as error:
            self.close()
            raise self._not_connected(error) from error

    def send(self, message: bytes) -> None:
        """Begin an exchange. What does not leave at once leaves with `write`. Raises NotConnected, ConnectionLost."""
        if not self._is_usable():
            self.reopened += 1
            try:
                self._begin_opening()
            except OSError as error:  # no more sockets for this process
                raise self._not_connected(error) from error
        self._incoming = ReplyParser()
        self._unsent = message
        self.write()

    def write(self) -> None:
        """Let more of the request leave, or go on with opening. Raises NotConnected, ConnectionLost."""
        if not self._is_open():
            return
        assert self._socket is not None
        try:
            sent = self._socket.send(self._unsent)
        except _WAITS:
            return
        except OSError as error:
            raise ConnectionLost("the connection ended while the request was sent") from error
        self._unsent = self._unsent[sent:]

    def read(self) -> Reply | None:
        """The answer, None while it is not whole. Raises NotConnected, ConnectionLost, NotHttp, TooLarge."""
        if self._opening:
            self.write()
            return None
        assert self._incoming is not None
        while (content := self._receive()) is not None:
            if not content:
                return self._ended(self._incoming.reply)
            self._incoming.feed(content)
            if self._incoming.is_whole:
                if self._unsent or not self._incoming.keeps_alive:
                    self.close()
                return self._incoming.reply
        return None

    def close(self) -> None:
        """End it; `send` opens it again."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._opening = None
        self._unsent = b""

    def _begin_opening(self) -> None:
        """Ask the address that answered before; `write` and `read` take the further steps."""
        assert self._reached is not None, "open comes first"
        self.close()
        family, place = self._reached
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opening = self._steps(self._socket, place)

    def _steps(self, plain: socket.socket, place: tuple[object, ...]) -> Iterator[bool]:
        """Connect and shake hands; yields where that takes waiting, and whether for the socket to take more."""
        refused = plain.connect_ex(place)
        if refused == errno.EINPROGRESS:
            yield True
            refused = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if refused:
            raise OSError(refused, os.strerror(refused))
        if self._tls is None:
            return
        tls = self._tls.wrap_socket(plain, server_hostname=self._address.host, do_handshake_on_connect=False)
        self._socket = tls
        while True:
            try:
                return tls.do_handshake()
            except ssl.SSLWantReadError:
                yield False
            except ssl.SSLWantWriteError:
                yield True

    def _is_open(self) -> bool:
        """Whether a request can leave, after one more step of opening where it is being opened."""
        if self._opening is None:
            return True
        try:
            self._opening_writes = next(self._opening)
        except StopIteration:
            self._opening = None
            return True
        except OSError as error:
            raise self._not_connected(error) from error
        return False

    def _not_connected(self, error: OSError) -> NotConnected:
        """What is said where nobody answers, or somebody whom nobody vouches for."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return NotConnected(
                f"who answers at {self._address.origin} cannot be trusted ({error.verify_message}). Next: "
                "SSL_CERT_FILE=… names the file of whoever signed its certificate"
            )
        return NotConnected(f"nobody answers at {self._address.origin} ({type(error).__name__})")

    def _receive(self) -> bytes | None:
        """What has come, b"" at the end, None while nothing has."""
        assert self._socket is not None
        try:
            return self._socket.recv(READ_BYTES)
        except _WAITS:
            return None
        except OSError as error:
            raise ConnectionLost("the connection was reset before the answer was whole") from error

    def _ended(self, reply: Reply) -> Reply:
        if not reply.ends_with_connection:
            raise ConnectionLost("the connection ended before the answer was whole")
        self.close()
        return reply

    def _is_usable(self) -> bool:
        """Whether it is open. The other side may have ended one that rests; what it says unasked ends it too."""
        if self._socket is None:
            return False
        try:
            self._socket.recv(1)
        except _WAITS:
            return True
        except OSError:
            return False
        return False
