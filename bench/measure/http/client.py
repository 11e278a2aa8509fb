"""The client of a service behind HTTP: what is said to it, over connections of this process, and what users had met."""

from __future__ import annotations

import ssl

from bench.measure.asked import Asking, Naming
from bench.measure.http.address import Address
from bench.measure.http.connection import Connection
from bench.measure.http.dispatcher import Dialect, Dispatcher
from bench.measure.http.foreign_dialect import ForeignCall, ForeignDialect, headers_of
from bench.measure.http.options import Call, HttpOptions
from bench.measure.http.own_dialect import OwnDialect
from bench.measure.recorder import Recorder
from bench.measure.targets import Setting, require_kinds
from bench.traffic.inbox import WaitingInbox
from recsys.types import Request, RequestKind


class HttpClient:
    """Asks in one thread. Several of them, each in a process of its own, can ask one service."""

    def __init__(self, options: HttpOptions, setting: Setting, url: str) -> None:
        self._clock = setting.clock
        self._asking = Asking(setting)
        address = Address.of(url)
        dialect: Dialect
        if options.is_foreign:
            dialect = _foreign_dialect(options, setting, self._asking)
        else:
            dialect = OwnDialect(address, setting.trace.dataset, setting.scenario.requests.k)
        tls = ssl.create_default_context() if address.is_encrypted else None
        connections = [Connection(address, tls) for _ in range(options.connections)]
        self._dispatcher = Dispatcher(connections, dialect, options.timeout_ms / 1000)

    def rewind(self, first: Request) -> None:
        """Histories that requests bring are those before this one."""
        self._asking.rewind(first)

    def connect(self) -> None:
        """Open what is not open. Raises NotConnected."""
        self._dispatcher.connect()

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Offer it. Returns how many requests found every connection busy."""
        return self._dispatcher.serve(inbox, recorder, self._clock)


def _foreign_dialect(options: HttpOptions, setting: Setting, asking: Asking) -> ForeignDialect:
    headers = headers_of(options.headers, options.headers_from_env)
    calls = {RequestKind.RECOMMEND: Call(url=options.url, method=options.method, body=options.body)}
    if options.feedback:
        calls[RequestKind.FEEDBACK] = options.feedback
    if options.items:
        calls[RequestKind.INGEST] = options.items
    remedies = {
        RequestKind.FEEDBACK: "" if options.feedback else "target.feedback = { url = …, body = … }",
        RequestKind.INGEST: "" if options.items else "target.items = { url = …, body = … }",
    }
    require_kinds(setting.trace, remedies, "the target")
    ready = {kind: ForeignCall(kind, call, headers) for kind, call in calls.items()}
    naming = Naming(setting.trace.dataset, setting.scenario.requests.k)
    return ForeignDialect(ready, options.ids, asking, naming)
