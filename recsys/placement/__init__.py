"""Where the model sits: one file a placement. A placement turns profiles into user vectors."""

from typing import Any

from recsys.placement.protocol import Draft, Placement
from recsys.registry import Registry

PLACEMENTS: Registry[Any] = Registry("recsys.placement", "placement")

__all__ = ["PLACEMENTS", "Draft", "Placement"]
