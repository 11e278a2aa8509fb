"""A service behind HTTP: this project's own, or anybody's, offered the same schedules over keep-alive connections.

Its stages are those that its Server-Timing header states; the rest of an exchange is the network's.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, ClassVar

from bench.errors import ConfigError
from bench.measure.http.address import Address
from bench.measure.http.client import HttpClient
from bench.measure.http.options import HttpOptions
from bench.measure.http.own_service import Order, OwnService
from bench.measure.recorder import Recorder
from bench.measure.targets import TARGETS, Built, Setting, no_encoder
from bench.traffic.inbox import WaitingInbox
from recsys.encoders.protocol import EncoderInfo
from recsys.options import OptionsModel
from recsys.types import Request

REQUIRES = ("httptools", "jmespath")
EXTRA = "serve"

CONTROL_LIMIT_S = 120.0
"""For /health and /rewind, which are never timed."""


@TARGETS.register("http")
class HttpTarget:
    """Plays the client, from the worker's process, in one thread."""

    Options: ClassVar[type[OptionsModel]] = HttpOptions
    CLIENT: ClassVar[type[HttpClient]] = HttpClient

    def __init__(self, options: HttpOptions, setting: Setting) -> None:
        self._service = _own_service(options, setting) if options.serve else None
        self.url = self._service.url if self._service else options.url
        self._address = Address.of(self.url)
        self._is_own = not options.is_foreign
        try:
            self._identity = self._meet(setting) if self._is_own else {}
            self._client = HttpClient(options, setting, self.url)
        except BaseException:
            self.close()
            raise
        self.takers = options.connections
        self.threads = 1
        self.process: int | None = self._service.process if self._service else None
        self.candidates = 0
        self.tells_tokens = self.tells_padding = False

    @staticmethod
    def needs_encoder(options: HttpOptions) -> bool:
        """Where it is this project's own service, the scenario says of which arm."""
        return not options.is_foreign

    def describe(self) -> Built:
        """What the service says that it is."""
        if not self._is_own:
            return Built(no_encoder(self._address.origin), {}, {})
        told = self._identity
        return Built(EncoderInfo(**told["encoder"]), told["ranker"], told["reranker"])

    def forget_cached(self) -> None:
        """Empty the caches of this project's own service."""
        if self._is_own:
            self._control("POST", "/rewind", {"forget_cached": True})

    def rewind(self, first: Request) -> None:
        """Take this project's own service back to this request; somebody else's knows what it knows."""
        self._client.rewind(first)
        if self._is_own:
            self._control("POST", "/rewind", {"timestamp": first.timestamp_s})

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Offer it. Returns how many requests found every connection busy."""
        return self._client.serve(inbox, recorder)

    def close(self) -> None:
        """End the service that the run began."""
        if self._service:
            self._service.close()

    def _meet(self, setting: Setting) -> dict[str, Any]:
        """Raises ConfigError for what is not this project's service on this data, or cannot be rewound."""
        told = self._control("GET", "/health")
        if told.get("service") != "llm-rec-bench":
            raise ConfigError(
                f"{self._address.origin} is no service of this project. Next: say how to ask it, with body and ids"
            )
        if told["data_sha256"] != setting.trace.dataset.sha256 or told["k"] < setting.scenario.requests.k:
            raise ConfigError(
                f"{self._address.origin} serves other data, or shorter lists. Next: serve this scenario there"
            )
        if not told["rewinds"]:
            raise ConfigError(
                f"{self._address.origin} cannot be taken back to the time of a request. Next: serve … --rewind"
            )
        return told

    def _control(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """One untimed call. Raises ConfigError where it is not answered as it should be."""
        kind = http.client.HTTPSConnection if self._address.is_encrypted else http.client.HTTPConnection
        connection = kind(self._address.host, self._address.port, timeout=CONTROL_LIMIT_S)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, self._address.path + path, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConfigError(
                f"{self._address.origin}{path}: {type(error).__name__}: {error}. Next: see that it serves"
            ) from error
        finally:
            connection.close()
        if reply.status != http.HTTPStatus.OK or not isinstance(answer, dict):
            raise ConfigError(f"{self._address.origin}{path}: status {reply.status}. Next: see that it serves")
        return answer


def _own_service(options: HttpOptions, setting: Setting) -> OwnService:
    arm = setting.arm.model_copy(update={"target": None})
    return OwnService(Order(setting.scenario, arm, setting.data_dirs, options.queue_limit, options.timeout_ms / 1000))
