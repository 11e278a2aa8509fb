"""Faults planted on purpose: a sleep inside the work of a stage, which its mark must show, and work done twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.clock import nap
from bench.errors import ConfigError
from recsys.encoders.batching import forward_all
from recsys.encoders.cached import CachedEncoder, CachedTexts
from recsys.pipeline import Batch, Recommender

_METHODS = {
    "clean": "clean",
    "profile": "profile",
    "prepare": "prepare",
    "batch_wait": "join",
    "encode": "encode",
    "index": "index",
    "retrieve": "retrieve",
    "rank": "rank",
    "rerank": "rerank",
    "respond": "respond",
    "update": "update",
}
"""The method that does the work of each stage, of the recommender, of its ingestion, or of both.

The stages of a re-ranker that writes are within `rerank`: what is planted there shows in the first of them.
"""


def plant_sleeps(recommender: Recommender, sleeps_ms: Mapping[str, float]) -> None:
    """Make the methods of the recommender and of its ingestion slower by so many ms a call, stage by stage.

    Raises ConfigError for a stage that is no method of theirs.
    """
    for stage, sleep_ms in sleeps_ms.items():
        if stage not in _METHODS:
            raise ConfigError(
                f"planted_sleep_ms: nothing can be planted in {stage}, which is a part of re-ranking or lies outside "
                f"the recommender. Known: {', '.join(_METHODS)}. Next: plant it in one of these"
            )
        method = _METHODS[stage]
        for worker in (recommender, recommender.ingestion):
            if hasattr(worker, method):
                setattr(worker, method, _slower(getattr(worker, method), sleep_ms / 1000))


def plant_double_encode(recommender: Recommender) -> None:
    """Let every text of a request go through the encoder twice: slower, and right, so only counting finds the cause.

    The first time past a cache, which would know it the second time.
    """
    encode, encoder = recommender.encode, recommender.parts.encoder

    def twice(batch: Batch) -> tuple[list[int], int]:
        prepared, inner = batch.draft.prepared, encoder
        if isinstance(prepared, CachedTexts) and isinstance(encoder, CachedEncoder):
            prepared, inner = prepared.missed, encoder.inner
        if prepared is not None:
            forward_all(inner, prepared)
        return encode(batch)

    recommender.encode = twice  # type: ignore[method-assign]


def _slower(work: Callable[..., Any], sleep_s: float) -> Callable[..., Any]:
    def slower(*arguments: Any) -> Any:
        nap(sleep_s)
        return work(*arguments)

    return slower
