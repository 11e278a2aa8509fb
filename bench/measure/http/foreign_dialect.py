"""The dialect of somebody else's service: a template for each kind of request, and a path to the ids in its answer."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import jmespath

from bench.errors import ConfigError
from bench.measure.asked import Asking, Naming
from bench.measure.http.address import Address
from bench.measure.http.failures import WrongBody
from bench.measure.http.message import Form
from bench.measure.http.options import Call
from bench.measure.http.parts import parts_ns
from bench.measure.http.reply import Reply
from bench.measure.http.status import content_of, require_good
from bench.measure.http.template import Values, check_template, filled_body, filled_path
from recsys.types import Recommendation, Request, RequestKind

PLACEHOLDERS = {
    RequestKind.RECOMMEND: ("user", "k", "query", "timestamp", "history"),
    RequestKind.FEEDBACK: ("user", "item", "event", "timestamp"),
    RequestKind.INGEST: ("item", "title", "text", "category", "timestamp"),
}
"""What a request of each kind can say. history: the ids of what the user met, oldest first."""
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FRAMING = ("content-length", "transfer-encoding", "connection")


class ForeignCall:
    """One kind of request: where it goes and what it says."""

    def __init__(self, kind: RequestKind, call: Call, headers: Mapping[str, str]) -> None:
        """Raise ConfigError for an address or a placeholder that cannot be used."""
        name = kind.name.lower()
        self.address = Address.of(call.url)
        self._body = call.body
        check_template(self.address.path, PLACEHOLDERS[kind], f"{name}: url")
        check_template(call.body, PLACEHOLDERS[kind], f"{name}: body")
        self._form = Form(call.method, self.address, "", headers)

    def message(self, values: Values) -> bytes:
        """The request with these values."""
        return self._form.filled(filled_body(self._body, values), filled_path(self.address.path or "/", values))


class ForeignDialect:
    """ids: a path of JMESPath to the list of ids, as in `items[*].id`."""

    def __init__(self, calls: Mapping[RequestKind, ForeignCall], ids: str, asking: Asking, naming: Naming) -> None:
        """Raise ConfigError for a path that is none, or calls to different hosts."""
        if len({call.address.origin for call in calls.values()}) > 1:
            raise ConfigError("url: feedback and items go to the host of the lists. Next: name the same")
        try:
            self._ids = jmespath.compile(ids)
        except jmespath.exceptions.JMESPathError as error:
            raise ConfigError(f'ids = "{ids}": {error}. Next: a path of JMESPath, as items[*].id') from error
        self._calls = calls
        self._asking = asking
        self._naming = naming

    def message(self, request: Request) -> bytes:
        """The request in the service's words."""
        return self._calls[request.kind].message(self._values(request))

    def answer(self, request: Request, reply: Reply) -> Recommendation | None:
        """The ids at the path; None where the effect is all."""
        if request.kind is not RequestKind.RECOMMEND:
            require_good(reply)
            return None
        try:
            found = self._ids.search(content_of(reply))
        except jmespath.exceptions.JMESPathError as error:  # a function of the path meets what it cannot take
            raise WrongBody("the path ids leads to no list") from error
        if not isinstance(found, list):
            raise WrongBody("the path ids leads to no list")
        return self._naming.recommendation(found)

    def lengths_ns(self, reply: Reply, took_ns: int) -> dict[str, int]:
        """What its Server-Timing says, if it has one."""
        return parts_ns(reply, took_ns)

    def tokens(self, reply: Reply) -> int | None:
        """It does not say."""
        return None

    def _values(self, request: Request) -> dict[str, Any]:
        if request.kind is RequestKind.RECOMMEND:
            asked = self._asking.asked(request)
            # fmt: off
            return _Late(lambda: list(asked.history),
                         user=asked.user, k=asked.k, query=asked.query, timestamp=asked.timestamp)
            # fmt: on
        told = self._asking.event(request)
        item = told.item
        values = {"item": item.item_id, "title": item.title, "text": item.text, "category": item.category}
        return values | {"user": told.user, "event": told.event, "timestamp": told.timestamp}


class _Late(dict[str, Any]):
    """Values of which the history is looked up only where a template asks for it."""

    def __init__(self, history: Any, **values: Any) -> None:
        super().__init__(values)
        self._history = history

    def __missing__(self, name: str) -> Any:
        return self._history()


def headers_of(plain: Mapping[str, str], from_env: Mapping[str, str]) -> dict[str, str]:
    """The headers of every request; from_env: header → variable that holds its value, which no run ever keeps.

    Raises ConfigError for a variable that is not set, and for what can be no header; values are never shown.
    """
    headers = dict(plain)
    for name, variable in from_env.items():
        value = os.environ.get(variable)
        if not value:
            raise ConfigError(f"headers_from_env: {variable} is not set. Next: export it, with the value of {name}")
        headers[name] = value
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise ConfigError(f'header "{name}": its name or value cannot be sent. Next: mend it')
        if name.lower() in FRAMING:
            raise ConfigError(f'header "{name}": how a request ends is said by the client. Next: leave it out')
    return headers
