"""What gives way first as the rate or the catalogue grows, and where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.quantities import quantity

GB = 1e9


@dataclass(frozen=True, slots=True)
class Break:
    """A bound. at, asked: in the same unit ("/s" or "items"). why: what happens there."""

    what: str
    at: float
    asked: float
    unit: str
    why: str

    @property
    def factor(self) -> float:
        """The bound over what is asked: under 1 it gives way before."""
        return self.at / self.asked

    @property
    def sentence(self) -> str:
        """For people."""
        when = "before what is asked" if self.factor < 1 else f"at {quantity(self.factor, '×')} what is asked"
        at = quantity(self.at, "/s") if self.unit == "/s" else f"{quantity(self.at)} {self.unit}"
        return f"{self.what} at {at}, {when}: {self.why}"


def in_order(breaks: Sequence[Break]) -> tuple[Break, ...]:
    """Those that exist, the first to give way first."""
    return tuple(sorted((each for each in breaks if math.isfinite(each.at)), key=lambda each: each.factor))
