"""What a service answers where it does not do what it was asked: a status, and a message that says what to do next."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from types import MappingProxyType

LOG = logging.getLogger(__name__)
RETRY_AFTER_S = 1
"""When a client that found the queue full should come again: a queue is emptied or full again within less."""
_NONE: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):
    """A request that is not served. kind: for machines ("queue_full"); headers: beside the usual ones."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] = _NONE) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.headers = headers

    def content(self) -> bytes:
        """The body of the answer, in the shape that clients of /v1/embeddings expect."""
        return json.dumps({"error": {"type": self.kind, "code": self.status, "message": str(self)}}).encode()


def bad_request(message: str) -> Refusal:
    """400: the body is not what this route takes."""
    return Refusal(400, "bad_request", message)


def not_found(kind: str, message: str) -> Refusal:
    """404: it names something that is not there."""
    return Refusal(404, kind, message)


def queue_full() -> Refusal:
    """503: come again later."""
    return Refusal(503, "queue_full", "as many requests wait as may wait", {"Retry-After": str(RETRY_AFTER_S)})


def ending() -> Refusal:
    """503: the service finishes what it has and ends."""
    return Refusal(503, "ending", "the service is ending", {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"})


def failed(error: Exception) -> Refusal:
    """500. The error's message may hold what a user typed, so neither the log nor the answer repeats it."""
    LOG.error("a request ended in %s", type(error).__name__)
    return Refusal(500, "failed", f"the request ended in {type(error).__name__}")


def out_of_time(limit_s: float) -> Refusal:
    """504: no answer within the limit."""
    return Refusal(504, "out_of_time", f"no answer within {limit_s:g} s")
