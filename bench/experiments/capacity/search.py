"""Where to probe: a ladder for the bracket, then pairs around the crossing, until its interval is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.analysis.capacity.estimate import Bound, Estimate, estimate
from bench.analysis.capacity.probe_result import ProbeResult, Verdict
from bench.analysis.stats.samples import Interval
from bench.experiments.capacity.plan import SearchPlan

Probe = Callable[[float, int, int], ProbeResult]
"""(rate per second, requests, number of the random stream) → what a fresh schedule shows."""

RUNG = math.sqrt(2)
"""Rates of the ladder lie so many times apart."""
MOST_RUNGS = 6
"""The ladder ends a factor of 8 from its first rate."""
REPEATS = 2
"""A rate that contradicts another is measured so many times more, and longer."""
FEWEST_PROBES = 12
"""An interval that is narrow after fewer has more often been lucky than right: coverage falls to 80 %."""
REACH, NEAREST, FARTHEST = 0.9, 0.8, 0.2
"""Pairs stand 0.9 half-widths of the interval around its point, at least 0.8 tolerances and at most 20 %. Nearer ones
chase their own luck (most probes a little above the capacity see no burst, so the point drifts up): on M/M/1 the range
holds the truth 95 times in a hundred at 0.85 to 1 half-widths, 91 times at 0.7."""


@dataclass(frozen=True, slots=True)
class Found:
    """All probes in the order in which they were made, what they say, and why there are no more."""

    probes: tuple[ProbeResult, ...]
    estimate: Estimate
    ended: str


class Search:
    """One search. `probes` holds what was measured so far, also when it was interrupted."""

    def __init__(self, probe: Probe, plan: SearchPlan, say: Callable[[str], None]) -> None:
        """say: told of every probe, between probes."""
        self._probe = probe
        self._plan = plan
        self._say = say
        self.probes: list[ProbeResult] = []

    def run(self) -> Found:
        """Probe until it ends. Raises ValueError when the budget holds no probe; what a probe raises passes through."""
        plan = self._plan
        if not self._measure(plan.first_per_s, plan.short_requests):
            return self.found(self._spent())
        if plan.hopeless and not self._keeps(self.probes[-1]):
            return self.found("the limit is not kept even where nothing waits")
        self._bracket()
        self._look_beyond()
        self._doubt()
        return self.found(self._refine())

    def found(self, ended: str) -> Found:
        """What the probes so far say."""
        if not self.probes:
            raise ValueError("the budget holds no single probe; raise it")
        found = self._estimate()
        if self._plan.hopeless and found.bound is Bound.NONE:
            found = replace(found, interval=Interval(0.0, 0.0, 0.0))
        return Found(tuple(self.probes), found, ended)

    def _bracket(self) -> None:
        """Along the ladder until the fit of all probes crosses the limit, or the ladder ends."""
        while (rate_per_s := self._next_rung()) is not None and self._measure(rate_per_s, self._plan.short_requests):
            pass

    def _next_rung(self) -> float | None:
        """Up while the limit is kept at every rate, down while at none; None in between and where the ladder ends."""
        so_far, rates = self._estimate(), [probe.rate_per_s for probe in self.probes]
        if so_far.bound is Bound.RANGE:
            return None
        if so_far.contradiction is not None:
            return so_far.contradiction.under
        wanted = max(rates) * RUNG if so_far.bound is Bound.AT_LEAST else min(rates) / RUNG
        reached = abs(math.log(wanted / self._plan.first_per_s)) / math.log(RUNG)
        return self._plan.on_grid(wanted) if reached < MOST_RUNGS + 0.5 else None

    def _look_beyond(self) -> None:
        """One rung outside the bracket on each side, or on to the offline throughput, so that a fit can rise."""
        if self._estimate().bound is not Bound.RANGE:
            return
        rates = [probe.rate_per_s for probe in self.probes]
        above = self._plan.on_grid(max(rates) * RUNG)
        while above <= self._plan.offline_per_s * 1.1 and self._measure(above, self._plan.short_requests):
            above = self._plan.on_grid(above * RUNG)
        self._measure(self._plan.on_grid(min(rates) / RUNG), self._plan.short_requests)

    def _doubt(self) -> None:
        """Where the limit is kept a rung or more above a rate that fails, measure both again."""
        for _ in range(REPEATS):
            failing = [probe.rate_per_s for probe in self.probes if probe.verdict is Verdict.FAIL]
            kept = [probe.rate_per_s for probe in self._kept()]
            pairs = [(low, high) for low in failing for high in kept if high > low * RUNG * 0.95]
            if not pairs or self._estimate().contradiction is not None:
                return
            low = max(low for low, _ in pairs)
            for rate_per_s in (low, min(high for first, high in pairs if first == low)):
                self._measure(rate_per_s, self._plan.long_requests(rate_per_s))

    def _refine(self) -> str:
        """Pairs above and below the point, in turns from above and from below; returns why it ends."""
        for turn in range(self._plan.probes):
            self._bracket()
            so_far = self._estimate()
            if so_far.bound is not Bound.RANGE:
                return self._spent() if self._next_rung() else "the ladder of rates ends there"
            if so_far.is_within(self._plan.tolerance) and len(self.probes) >= FEWEST_PROBES:
                return "the interval is narrow enough"
            reach = min(FARTHEST, max(REACH * so_far.drawn_half_width, NEAREST * self._plan.tolerance))
            sides = (1 + reach, 1 / (1 + reach))
            for side in sides if turn % 2 == 0 else sides[::-1]:
                rate_per_s = self._plan.on_grid(so_far.interval.point * side)
                if not self._measure(rate_per_s, self._plan.long_requests(rate_per_s)):
                    return self._spent()
        return self._spent()

    def _measure(self, rate_per_s: float, requests: int) -> bool:
        """Make one probe; False where the budget has no room for it."""
        if not self._plan.allows(self.probes, rate_per_s, requests):
            return False
        result = self._probe(rate_per_s, requests, len(self.probes))
        self.probes.append(result)
        self._say(f"probe {len(self.probes)}: {rate_per_s:g}/s: {result.verdict.value}: {result.reason}")
        return True

    def _estimate(self) -> Estimate:
        return estimate(self.probes, self._plan.slo)

    def _keeps(self, probe: ProbeResult) -> bool:
        return probe.keeps(self._plan.slo.share_over)

    def _kept(self) -> list[ProbeResult]:
        """The probes that kept the limit as measured."""
        return [probe for probe in self.probes if self._keeps(probe)]

    def _spent(self) -> str:
        used_up = len(self.probes) >= self._plan.probes
        return f"all {self._plan.probes} probes are used up" if used_up else f"{self._plan.budget_s:g} s are used up"
