"""Faults planted on purpose: a sleep inside the work of a stage, which the marks must then show in that stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.clock import nap
from bench.errors import ConfigError
from recsys.pipeline import Recommender

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


def _slower(work: Callable[..., Any], sleep_s: float) -> Callable[..., Any]:
    def slower(*arguments: Any) -> Any:
        nap(sleep_s)
        return work(*arguments)

    return slower
