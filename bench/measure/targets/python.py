"""An object of the user's own, in this process: anything with `recommend(requests)`.

`object = "package.module:Class"` is called with `options`. `recommend` takes a list of `AskedFor`, at most
`max_requests` of them, and returns one list of item ids each, the best first. Three methods are optional:
`start(items, user_ids)` is called once, `feed_back(user, item, event, timestamp)` and `ingest(items)` take the other
requests of the trace.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, field_validator

from bench.errors import ConfigError
from bench.measure.asked import AskedFor, Asking, Naming
from bench.measure.recorder import Recorder
from bench.measure.targets import TARGETS, Built, Setting, no_encoder, require_kinds
from bench.traffic.inbox import WaitingInbox
from recsys.options import OptionsModel
from recsys.types import Recommendation, Request, RequestKind

_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class PythonOptions(OptionsModel):
    """object: "package.module:Class". options: keyword arguments of the class. max_requests: of one call."""

    object: str
    options: dict[str, Any] = {}
    max_requests: int = Field(1, ge=1)

    @field_validator("object")
    @classmethod
    def _named(cls, name: str) -> str:
        if not _OBJECT.fullmatch(name):
            raise ValueError('is of the form "package.module:Class"')
        return name


@TARGETS.register("python")
class PythonTarget:
    """Calls the object in the worker's thread, as many requests at once as are due and it takes."""

    Options: ClassVar[type[OptionsModel]] = PythonOptions
    CLIENT: ClassVar[None] = None
    url: ClassVar[str] = ""

    def __init__(self, options: PythonOptions, setting: Setting) -> None:
        self._options = options
        self._naming = Naming(setting.trace.dataset, setting.scenario.requests.k)
        self._asking = Asking(setting)
        self._theirs = _build(options)
        start = getattr(self._theirs, "start", None)
        if start is not None:
            start(setting.trace.dataset.items, setting.trace.dataset.user_ids)
        remedies = {
            RequestKind.FEEDBACK: "" if hasattr(self._theirs, "feed_back") else "give it feed_back(…)",
            RequestKind.INGEST: "" if hasattr(self._theirs, "ingest") else "give it ingest(…)",
        }
        require_kinds(setting.trace, remedies, options.object)
        self.takers = self.threads = 1
        self.process: int | None = os.getpid()
        self.candidates = 0
        self.tells_tokens = self.tells_padding = False

    @staticmethod
    def needs_encoder(options: PythonOptions) -> bool:
        """It brings what it needs."""
        return False

    def describe(self) -> Built:
        """Its name is all that is known."""
        return Built(no_encoder(self._options.object), {}, {})

    def forget_cached(self) -> None:
        """What it remembers is its own."""

    def rewind(self, first: Request) -> None:
        """The histories that requests bring are those before this one; what the object knows is its own."""
        self._asking.rewind(first)

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Take, call, say done; a call that raises fails its requests alone."""
        while requests := inbox.take(self._options.max_requests):
            rows = [request.row for request in requests]
            try:
                answers = self._answers(requests)
            except Exception as error:  # noqa: BLE001 whatever it raises, the next must be served
                inbox.failed(rows, error)
            else:
                recorder.mark("service", rows)
                inbox.done(rows, answers)
        return {}

    def close(self) -> None:
        """The process ends with it."""

    def _answers(self, requests: Sequence[Request]) -> list[Recommendation | None]:
        """In the trace's order: what stands between two events is asked together."""
        answers: list[Recommendation | None] = [None] * len(requests)
        asked: list[int] = []
        for place, request in enumerate(requests):
            if request.kind is RequestKind.RECOMMEND:
                asked.append(place)
            else:
                self._ask(requests, asked, answers)
                asked = []
                self._apply(request)
        self._ask(requests, asked, answers)
        return answers

    def _ask(self, requests: Sequence[Request], places: list[int], answers: list[Recommendation | None]) -> None:
        if not places:
            return
        told: list[AskedFor] = [self._asking.asked(requests[place]) for place in places]
        lists = self._theirs.recommend(told)
        if len(lists) != len(places):
            raise ValueError(f"{len(lists)} lists for {len(places)} requests; there must be one each")
        for place, item_ids in zip(places, lists, strict=True):
            answers[place] = self._naming.recommendation(list(item_ids))

    def _apply(self, request: Request) -> None:
        event = self._asking.event(request)
        if request.kind is RequestKind.FEEDBACK:
            self._theirs.feed_back(event.user, event.item.item_id, event.event, event.timestamp)
        else:
            self._theirs.ingest([event.item])


def _build(options: PythonOptions) -> Any:
    module, _, name = options.object.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"target {options.object}: {error}. Next: name a class that can be imported here, with PYTHONPATH set"
        ) from error
    theirs = found(**options.options)
    if not callable(getattr(theirs, "recommend", None)):
        raise ConfigError(f"target {options.object}: it has no recommend(requests). Next: give it one")
    return theirs
