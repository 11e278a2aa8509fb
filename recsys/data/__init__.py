"""Data sets by name: one file each, a class with frozen `Options` and `load() -> Dataset`."""

from typing import Any

from recsys.data.dataset import Dataset, EventsByUser
from recsys.registry import Registry

DATASETS: Registry[Any] = Registry("recsys.data", "data set")

__all__ = ["DATASETS", "Dataset", "EventsByUser"]
