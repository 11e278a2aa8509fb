"""Rankers: one file each. A ranker orders the candidates that the index found, and may add some of its own."""

from typing import Any

from recsys.ranking.protocol import ANYBODY, Asker, Material, Ranker, ScoreParts
from recsys.registry import Registry

RANKERS: Registry[Any] = Registry("recsys.ranking", "ranking")

__all__ = ["ANYBODY", "RANKERS", "Asker", "Material", "Ranker", "ScoreParts"]
