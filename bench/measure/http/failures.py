"""How an exchange over HTTP can go wrong: one class a kind, which is the first word of the message that is counted."""

from __future__ import annotations


class HttpFailure(Exception):
    """Base. Messages are few: they name no address, no user and nothing of an answer."""


class NotConnected(HttpFailure):
    """Nobody listens there."""


class ConnectionLost(HttpFailure):
    """The other side ended or reset the connection before its answer was whole."""


class NotHttp(HttpFailure):
    """What came is no answer of HTTP/1.1."""


class TooLarge(HttpFailure):
    """The answer does not end where any list would."""


class Redirected(HttpFailure):
    """The answer sends elsewhere; it is not followed, since that would time two exchanges."""


class BadStatus(HttpFailure):
    """Any other status than 200 to 299."""


class Refused(HttpFailure):
    """429 or 503: the system has too much to do. Counted as refused."""


class OutOfTime(HttpFailure):
    """504, or no whole answer within the client's limit. Counted as timed out."""


class WrongBody(HttpFailure):
    """The answer is whole, and not what was asked for."""
