"""uvicorn's protocol with an end that lets its last answer arrive, though the client still sends.

A socket that is closed while bytes lie unread answers with a reset, and a reset takes from the client what it has not
read yet: the very refusal that says why. So our half is closed first, and what still comes is dropped for a while
(RFC 9112 §9.6).
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class LingeringClose(HttpToolsProtocol):
    """Lingers where it ends a connection in the midst of a request.

    LINGER_S, LINGER_BYTES: how long, and how much, a client may go on sending; then it is cut off.
    """

    LINGER_S: ClassVar[float] = 2.0
    LINGER_BYTES: ClassVar[int] = 1 << 24

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        lingering = _LingeringTransport(transport, self)
        self._lingering, self._dropped_bytes, self._body_is_due = lingering, 0, False
        super().connection_made(cast(asyncio.Transport, lingering))

    def on_headers_complete(self) -> None:
        """Called by the parser; a body may follow."""
        self._body_is_due = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser at the last byte of a request."""
        self._body_is_due = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if not self._lingering.lingers:
            super().data_received(data)
            return
        self._dropped_bytes += len(data)
        if self._dropped_bytes > self.LINGER_BYTES:
            self._lingering.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._lingering.forget()
        super().connection_lost(exc)

    def is_within_request(self) -> bool:
        """Whether more of a request is to come."""
        return self._body_is_due


class _LingeringTransport:
    """A transport whose `close` lingers while the client is within a request; the rest is the transport's."""

    def __init__(self, transport: asyncio.Transport, protocol: LingeringClose) -> None:
        self._transport = transport
        self._protocol = protocol
        self._timer: asyncio.TimerHandle | None = None

    @property
    def lingers(self) -> bool:
        return self._timer is not None

    def close(self) -> None:
        if self.is_closing():
            return
        if not self._protocol.is_within_request():
            self._transport.close()
            return
        self._timer = self._protocol.loop.call_later(self._protocol.LINGER_S, self._transport.close)
        self._transport.write_eof()
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        return self.lingers or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if not self.lingers:
            self._transport.write(data)

    def pause_reading(self) -> None:
        if not self.lingers:
            self._transport.pause_reading()

    def forget(self) -> None:
        """The connection is lost: nothing waits for it any more."""
        if self._timer is not None:
            self._timer.cancel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
