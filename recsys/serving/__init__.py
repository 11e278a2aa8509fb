"""How requests become batches: one file a way of serving."""

from recsys.registry import Registry

SERVINGS: Registry[type] = Registry("recsys.serving", "serving")

__all__ = ["SERVINGS"]
