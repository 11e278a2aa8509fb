"""What the status of an answer says of the exchange."""

from __future__ import annotations

import json
from typing import Any

from bench.measure.http.failures import BadStatus, OutOfTime, Redirected, Refused, WrongBody
from bench.measure.http.reply import Reply

REFUSED = (429, 503)
OUT_OF_TIME = (408, 504)


def require_good(reply: Reply) -> None:
    """Raise the failure that a status stands for; nothing for 200 to 299."""
    status = reply.status
    if 200 <= status < 300:
        return
    if status in REFUSED:
        raise Refused(f"status {status}")
    if status in OUT_OF_TIME:
        raise OutOfTime(f"status {status}")
    if 300 <= status < 400:
        raise Redirected(f"status {status}")
    raise BadStatus(f"status {status}")


def content_of(reply: Reply) -> Any:
    """The JSON of a good answer. Raises the failure of its status, and WrongBody."""
    require_good(reply)
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError) as error:  # a few thousand brackets are more than Python reads
        raise WrongBody("the answer is not JSON") from error
