"""How near the encoders come to what the machine can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ArmShare:
    """One arm beside the ceiling of the precision that it runs in. products: as in EncoderInfo.

    flops_per_s: of real tokens, padding left out, many texts at once and one alone. ceiling_per_s: 0 = not measured.
    """

    arm: str
    label: str
    precision: str
    products: Mapping[str, int]
    texts_per_s: float
    tokens_per_s: float
    single_ms: float
    flops_per_s: float
    single_flops_per_s: float
    ceiling_per_s: float

    def share(self, flops_per_s: float) -> float:
        """Of the ceiling; NaN where that was not measured."""
        return flops_per_s / self.ceiling_per_s if self.ceiling_per_s else math.nan

    def as_json(self) -> dict[str, Any]:
        """Plain values; a share that was not measured is None."""
        shares = {"share": self.share(self.flops_per_s), "single_share": self.share(self.single_flops_per_s)}
        return asdict(self) | {name: None if math.isnan(value) else value for name, value in shares.items()}


@dataclass(frozen=True)
class Roofline:
    """products_per_s: operations a second by precision, 0 where PyTorch has no such product. read_bytes_per_s."""

    threads: int
    device: str
    products_per_s: Mapping[str, float]
    read_bytes_per_s: float
    arms: tuple[ArmShare, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "threads": self.threads,
            "device": self.device,
            "products_per_s": dict(self.products_per_s),
            "read_bytes_per_s": self.read_bytes_per_s,
            "arms": [arm.as_json() for arm in self.arms],
        }
