"""uvicorn's protocol with what it leaves open: how long a request's head may take to come, and how large it may be.

A body has its limits where it is read (bench.service.bodies); a client that never ends its head reaches no route.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from bench.service.lingering_close import LingeringClose


class BoundedHead(LingeringClose):
    """Ends a connection whose head does not come in time, or does not end; 431 tells of the latter.

    HEAD_S: from its first byte to its last. HEAD_BYTES: of its first line and headers, what comes with them included.
    """

    HEAD_S: ClassVar[float] = 10.0
    HEAD_BYTES: ClassVar[int] = 1 << 16

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        super().data_received(data)
        if self._head_timer is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.HEAD_BYTES:
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n")
            self.transport.close()
            self._end_head()

    def on_message_begin(self) -> None:
        """Called by the parser at the first byte of a request."""
        super().on_message_begin()
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.HEAD_S, self.transport.close)

    def on_headers_complete(self) -> None:
        """Called by the parser; the rest is the body's."""
        self._end_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._end_head()
        super().connection_lost(exc)

    def is_within_request(self) -> bool:
        """Whether more of a request is to come, be it of its head or of its body."""
        return self._head_timer is not None or super().is_within_request()

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
