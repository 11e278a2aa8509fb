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
    """Builds the arm and lets its crew serve."""

    Options: ClassVar[type[OptionsModel]] = LocalOptions

    def __init__(self, options: LocalOptions, setting: Setting) -> None:
        self._built = build_arm(setting.scenario, setting.arm, setting.trace.dataset, setting.clock)
        self.takers = self.threads = len(self._built.crew)
        self.process: int | None = os.getpid()
        self.candidates = self._built.recommender.n_handed_over
        self.tells_tokens = self.tells_padding = True

    @staticmethod
    def needs_encoder(options: LocalOptions) -> bool:
        """It is this project's recommender."""
        return True

    def describe(self) -> Built:
        """What was built."""
        parts = self._built.recommender.parts
        reranker = parts.reranker.describe() if parts.reranker else {}
        return Built(self._built.encoded.encoder.info, parts.ranker.describe(), reranker)

    def forget_cached(self) -> None:
        """Empty the workers' caches."""
        for cache in self._built.caches:
            cache.clear()

    def rewind(self, first: Request) -> None:
        """The world before this request; the first member's parts are the whole crew's."""
        self._built.recommender.rewind(first.timestamp_s)

    def serve(self, inbox: WaitingInbox, recorder: Recorder) -> dict[str, float]:
        """Serve it together. Returns the errors of the caches' stores, where there are caches."""
        before = self._built.cache_errors
        serve_together(self._built.crew, inbox, recorder)
        return {"cache_errors": self._built.cache_errors - before} if self._built.caches else {}

    def close(self) -> None:
        """The process ends with it."""
