"""The floor, measured in rounds.

With LoadGen beside it, rounds alternate between the two (ours, theirs; theirs, ours; …) point by point, so that a busy
neighbour meets both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.analysis.floor import LATENESS, Floor, Lateness, Percentiles
from bench.analysis.stats.quantile import quantile
from bench.experiments.calibration.loadgen import LoadGenCost, LoadGenLateness
from bench.experiments.calibration.null_system import NS_PER_US, NullCost, NullLateness
from bench.experiments.calibration.poisson import draw_poisson_ns
from bench.experiments.calibration.process import MeasuringProcess
from bench.traffic.seeds import stream

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """rates_per_s: of the server load. seconds: for each point, over all rounds."""

    rates_per_s: tuple[float, ...]
    seconds: float
    seed: int = 0

    @property
    def round_s(self) -> float:
        """Seconds for one point in one round."""
        return self.seconds / ROUNDS

    def requests(self, rate_per_s: float) -> int:
        """How many a round has at a rate."""
        return max(1, round(rate_per_s * self.round_s))


class Side(Protocol):
    """One of those that are measured side by side."""

    def cost_us(self) -> float:
        """Of a request, from one round."""

    def lateness_us(self, rate_per_s: float, number: int) -> Percentiles:
        """Of the round of this number."""


class OurSide:
    """This project's inboxes, in a process that waits as a worker does."""

    def __init__(self, process: MeasuringProcess, plan: FloorPlan) -> None:
        self._process = process
        self._plan = plan

    def cost_us(self) -> float:
        """Of a request, from one round."""
        return self._process.ask(NullCost(self._plan.round_s))

    def lateness_us(self, rate_per_s: float, number: int) -> Percentiles:
        """Exact order statistics of the round's requests."""
        generator = stream(self._plan.seed, "calibrate", "null", rate_per_s, number)
        intended_ns = draw_poisson_ns(self._plan.requests(rate_per_s), rate_per_s, generator)
        lateness_ns = self._process.ask(NullLateness(intended_ns))
        return {name: quantile(lateness_ns, p) / NS_PER_US for name, p in LATENESS.items()}


class LoadGenSide:
    """LoadGen, in a process of its own, as it comes."""

    def __init__(self, process: MeasuringProcess, plan: FloorPlan) -> None:
        self._process = process
        self._plan = plan

    def cost_us(self) -> float:
        """Of a request, from one round."""
        return self._process.ask(LoadGenCost(self._plan.round_s))

    def lateness_us(self, rate_per_s: float, number: int) -> Percentiles:
        """As it prints them."""
        seed = int(stream(self._plan.seed, "calibrate", "loadgen", rate_per_s, number).integers(2**32))
        return self._process.ask(LoadGenLateness(rate_per_s, self._plan.round_s, seed))


def measure_floors(plan: FloorPlan, sides: Sequence[Side], say: Callable[[str], None]) -> list[Floor]:
    """The floor of each side, in their order. say: told of progress, between rounds."""
    costs_us: list[list[float]] = [[] for _ in sides]
    rounds: list[dict[float, list[Percentiles]]] = [{rate: [] for rate in plan.rates_per_s} for _ in sides]
    for number in range(ROUNDS):
        order = range(len(sides)) if number % 2 == 0 else range(len(sides))[::-1]
        for place in order:
            costs_us[place].append(sides[place].cost_us())
        for rate in plan.rates_per_s:
            for place in order:
                rounds[place][rate].append(sides[place].lateness_us(rate, number))
        say(f"null system: round {number + 1} of {ROUNDS}")
    return [
        Floor(costs, {rate: Lateness(measured, plan.requests(rate)) for rate, measured in of_rates.items()})
        for costs, of_rates in zip(costs_us, rounds, strict=True)
    ]
