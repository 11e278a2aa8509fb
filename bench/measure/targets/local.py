"""The arm's recommender in this process: no network, no serialisation, the latency's lower bound."""

from __future__ import annotations

import os
from typing import ClassVar

from bench.measure.arm import build_arm
from bench.measure.crew import serve_together
from bench.measure.recorder import Recorder
from bench.measure.targets import TARGETS, Built, Setting
from bench.traffic.inbox import WaitingInbox
from recsys.options import OptionsModel
from recsys.types import Request


class LocalOptions(OptionsModel):
    """Nothing to set."""


@TARGETS.register("local")
class LocalTarget:
    """Builds the arm and lets its crew serve. arm: what was built."""

    Options: ClassVar[type[OptionsModel]] = LocalOptions
    CLIENT: ClassVar[None] = None
    url: ClassVar[str] = ""

    def __init__(self, options: LocalOptions, setting: Setting) -> None:
        self.arm = build_arm(setting.scenario, setting.arm, setting.trace.dataset, setting.clock)
        self.takers = self.threads = len(self.arm.crew)
        self.process: int | None = os.getpid()
        self.candidates = self.arm.recommender.n_handed_over
        self.tells_tokens = self.tells_padding = True

    @staticmethod
    def needs_encoder(options: LocalOptions) -> bool:
        """It is this project's recommender."""
        return True

    def describe(self) -> Built:
        """What was built."""
        parts = self.arm.recommender.parts
        reranker = parts.reranker.describe() if parts.reranker else {}
        return Built(self.arm.encoded.encoder.info, parts.ranker.describe(), reranker)

    def forget_cached(self) -> None:
        """Empty the workers' common cache."""
        if self.arm.cache is not None:
            self.arm.cache.clear()

    def rewind(self, first: Request) -> None:
        """The world before this request; the first member's parts are the whole crew's."""
        self.arm.recommender.rewind(first.timestamp_s)

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Serve it together. Returns the errors of the cache's store, where there is one."""
        cache = self.arm.cache
        before = 0 if cache is None else cache.errors
        serve_together(self.arm.crew, inbox, recorder)
        return {} if cache is None else {"cache_errors": cache.errors - before}

    def close(self) -> None:
        """The process ends with it."""
