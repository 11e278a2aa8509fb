"""How an arm's encoder is built, wherever that is to happen."""

from __future__ import annotations

from dataclasses import dataclass

from bench.clock import MonotonicClock
from bench.scenario import PluginTable
from recsys.encoders import build_encoder
from recsys.encoders.protocol import Encoder


@dataclass(frozen=True)
class EncoderRecipe:
    """All that an encoder is built from, in values that travel to another process or machine.

    encoder: its table in a scenario. known_texts: what it is fitted on, those of the items known at t0.
    """

    encoder: PluginTable
    device: str
    threads: int
    known_texts: tuple[str, ...]

    def build(self) -> Encoder:
        """The encoder, fitted. Raises as `build_encoder` does."""
        options = self.encoder.options
        built = build_encoder(
            self.encoder.kind, device=self.device, threads=self.threads, clock=MonotonicClock(), **options
        )
        built.fit(self.known_texts)
        return built
