"""The floor under every measurement: what a system that does nothing costs, and how late its requests are."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.stats.quantile import minimum_n

LATENESS = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
"""The percentiles of lateness that are stated."""

Percentiles = Mapping[str, float]
"""Microseconds under the names in LATENESS."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Observed − intended at one rate. rounds: its percentiles, one mapping a round. requests: in each of them."""

    rounds: Sequence[Percentiles]
    requests: int

    def values_us(self, name: str) -> list[float]:
        """One percentile in every round."""
        return [percentiles[name] for percentiles in self.rounds]

    def owes(self, name: str) -> bool:
        """Whether a round has the requests that this percentile takes."""
        return self.requests >= minimum_n(LATENESS[name])

    @property
    def medians_us(self) -> dict[str, float]:
        """Each percentile's median over the rounds."""
        return {name: statistics.median(self.values_us(name)) for name in LATENESS}


@dataclass(frozen=True, slots=True)
class Floor:
    """costs_us: wall time of a request when the next comes as it is done, one value a round. lateness: by rate a s."""

    costs_us: Sequence[float]
    lateness: Mapping[float, Lateness]

    def as_json(self) -> dict[str, Any]:
        """`null_us_per_request` and `lateness_us` (by rate, then percentile): medians over the rounds."""
        return {
            "null_us_per_request": statistics.median(self.costs_us),
            "lateness_us": {f"{rate:g}": lateness.medians_us for rate, lateness in self.lateness.items()},
        }
