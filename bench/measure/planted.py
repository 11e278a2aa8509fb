"""Faults planted on purpose: a sleep inside the work of a stage, which the marks must then show in that stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.clock import nap
from recsys.pipeline import Recommender

_METHODS = {
    "clean": "clean",
    "profile": "profile",
    "prepare": "prepare",
    "batch_wait": "join",
    "encode": "encode",
    "retrieve": "retrieve",
    "rank": "rank",
    "rerank": "rerank",
    "respond": "respond",
    "update": "update",
}
"""The recommender's method that does the work of each stage."""


def plant_sleeps(recommender: Recommender, sleeps_ms: Mapping[str, float]) -> None:
    """Make the recommender's own methods slower by so many ms a call, stage by stage."""
    for stage, sleep_ms in sleeps_ms.items():
        method = _METHODS[stage]
        setattr(recommender, method, _slower(getattr(recommender, method), sleep_ms / 1000))


def _slower(work: Callable[..., Any], sleep_s: float) -> Callable[..., Any]:
    def slower(*arguments: Any) -> Any:
        nap(sleep_s)
        return work(*arguments)

    return slower
