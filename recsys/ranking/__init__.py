"""Rankers: one file each. A ranker orders the candidates that the index found."""

from typing import Any

from recsys.ranking.protocol import Ranker
from recsys.registry import Registry

RANKERS: Registry[Any] = Registry("recsys.ranking", "ranking")

__all__ = ["RANKERS", "Ranker"]
