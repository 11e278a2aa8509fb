"""One answer of HTTP/1.1, put together from what comes in."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.measure.http.failures import NotHttp, TooLarge

LARGEST_ANSWER_BYTES = 16 << 20
FIRST_FINAL_STATUS = 200


@dataclass
class Reply:
    """What was answered. headers: names in lower case; of a name that stands twice, both, joined by commas."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    is_headed: bool = False

    @property
    def ends_with_connection(self) -> bool:
        """Whether only the end of the connection tells the end of the body."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        return self.is_headed and not framed


class ReplyParser:
    """Takes bytes until one answer is whole; answers that only announce it, "continue" and its like, are passed over.

    keeps_alive: whether another exchange may follow: not after bytes beyond it, which could not be told from the next.
    """

    def __init__(self) -> None:
        import httptools

        self.reply = Reply()
        self.is_whole = self.keeps_alive = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, content: bytes) -> None:
        """Raises NotHttp and TooLarge, for the answer and not for what follows it."""
        import httptools

        try:
            self._parser.feed_data(content)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_whole:
                raise NotHttp("what came is no answer of HTTP/1.1") from error
            self.keeps_alive = False
        if len(self.reply.body) > LARGEST_ANSWER_BYTES:
            raise TooLarge(f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes")

    # what the parser calls, under its names

    def on_message_begin(self) -> None:
        """An answer begins: this one, or one more."""
        self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if not self.is_whole:
            headers, key, text = self.reply.headers, name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        """The body is next."""
        if not self.is_whole:
            self.reply.status, self.reply.is_headed = self._parser.get_status_code(), True

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        if not self.is_whole:
            self.reply.body += part

    def on_message_complete(self) -> None:
        """The end of this answer, or of one that announces it."""
        if self.is_whole:
            return
        if self.reply.status < FIRST_FINAL_STATUS:
            self.reply = Reply()
            return
        self.is_whole = True
        self.keeps_alive = bool(self._parser.should_keep_alive())  # the parser knows it here alone
