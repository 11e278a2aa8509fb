"""How fast one encoder turns texts into vectors, alone in its process."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.clock import NS_PER_S, MonotonicClock
from bench.scenario import PluginTable
from recsys.encoders import build_encoder
from recsys.encoders.protocol import EncoderInfo

LEAST_S = 2.0
SINGLE_TEXTS = 100


@dataclass(frozen=True)
class EncoderSpeed:
    """info: of the encoder. n_tokens int64 [n]: of the texts, special tokens included.

    many_s: for all of them in one call. single_s: the median of a text alone; single_tokens: of the texts it is of.
    """

    info: EncoderInfo
    n_tokens: npt.NDArray[np.int64]
    many_s: float
    single_s: float
    single_tokens: npt.NDArray[np.int64]


@dataclass(frozen=True)
class TimeEncoder:
    """From text to vector, tokenising included. encoder: its table in a scenario. least_s: of all texts together."""

    encoder: PluginTable
    device: str
    threads: int
    texts: tuple[str, ...]
    least_s: float = LEAST_S

    def run(self, clock: MonotonicClock) -> EncoderSpeed:
        """Build it, warm it up, encode all texts for least_s at least, then some of them one at a time."""
        options = self.encoder.options
        built = build_encoder(self.encoder.kind, device=self.device, threads=self.threads, clock=clock, **options)
        built.fit(self.texts)
        built.encode(self.texts[:64])
        times, start_ns = 0, clock.now_ns()
        while clock.now_ns() - start_ns < self.least_s * NS_PER_S:
            built.encode(self.texts)
            times += 1
        many_s = (clock.now_ns() - start_ns) / NS_PER_S / times
        singles = self.texts[:SINGLE_TEXTS]
        single_s = []
        for text in singles:
            start_ns = clock.now_ns()
            built.encode([text])
            single_s.append((clock.now_ns() - start_ns) / NS_PER_S)
        n_tokens = built.prepare(self.texts).n_tokens
        return EncoderSpeed(built.info, n_tokens, many_s, statistics.median(single_s), n_tokens[: len(singles)])
