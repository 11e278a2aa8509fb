"""Rankers: one file each. A ranker orders the candidates that the index found."""

from recsys.ranking.protocol import Ranker
from recsys.registry import Registry

RANKERS: Registry[type] = Registry("recsys.ranking", "ranking")

__all__ = ["RANKERS", "Ranker"]
