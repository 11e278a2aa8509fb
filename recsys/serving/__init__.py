"""How requests become batches: one file a way of serving."""

from typing import Any

from recsys.registry import Registry

SERVINGS: Registry[Any] = Registry("recsys.serving", "serving")

__all__ = ["SERVINGS"]
