"""A whole capacity measurement: throughput, search, confirmation, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.probe_result import ProbeResult, Verdict, finite_or_word
from bench.analysis.capacity.slo import Slo
from bench.experiments.capacity.arm_probe import ArmProbe, Subject
from bench.experiments.capacity.plan import CONFIRMING, SearchPlan, readable_rate, short_requests
from bench.experiments.capacity.search import Found, Search
from bench.quantities import interval, quantity

FIRST_SHARE = 0.5
"""The first probe is at half of the offline throughput unless a rate is given."""
CONFIRMING_NUMBER = 10_000
"""Random stream of the confirming run: none that a search uses."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may use. first_per_s None: half of the offline throughput; budget_s None: any time."""

    first_per_s: float | None = None
    probes: int = 24
    budget_s: float | None = None
    tolerance: float = 0.05
    probe_s: float = 30.0


@dataclass(frozen=True)
class Capacity:
    """What was found. alone: one request after another; confirming: None where there was nothing to confirm."""

    label: str
    slo: Slo
    offline_per_s: float
    alone: ProbeResult
    found: Found
    confirming: ProbeResult | None
    reused: bool

    @property
    def sentence(self) -> str:
        """The range, its share of the throughput, the number of probes, and whether it was confirmed."""
        estimate, n = self.found.estimate, len(self.found.probes)
        low, point, high = estimate.interval.low, estimate.interval.point, estimate.interval.high
        if estimate.bound is Bound.NONE:
            return f"{self.label} keeps {self.slo.text} at no rate tried ({self.found.ended}; {n} probes)."
        share = f"{point / self.offline_per_s:.2f} of its offline throughput of {quantity(self.offline_per_s, '/s')}"
        rate = f"at least {quantity(low, '/s')}"
        if estimate.bound is Bound.RANGE:
            rate = f"{quantity(point, '/s')} {interval(low, high)}"
        return f"{self.label} sustains {rate} with {self.slo.text}; {share}; {n} probes; {self._confirmed()}."

    def as_json(self) -> dict[str, Any]:
        """Everything for machines; infinite values as words."""
        estimate = self.found.estimate
        rows = [*self.found.probes, *([self.confirming] if self.confirming else [])]
        return {
            "sentence": self.sentence,
            "slo": {"percentile": self.slo.name, "limit_ms": self.slo.limit_ms},
            "bound": estimate.bound.value,
            "capacity_per_s": {name: finite_or_word(value) for name, value in asdict(estimate.interval).items()},
            "offline_per_s": self.offline_per_s,
            "capacity_over_offline": estimate.interval.point / self.offline_per_s,
            "probes": len(self.found.probes),
            "ended": self.found.ended,
            "contradiction": None if estimate.contradiction is None else asdict(estimate.contradiction),
            "order_effect": None if estimate.order is None else asdict(estimate.order),
            "confirmed": self.confirming is not None and self.confirming.verdict is not Verdict.FAIL,
            "trace_reused": self.reused,
            "curve": [{key: finite_or_word(value) for key, value in row.as_row().items()} for row in rows],
        }

    def _confirmed(self) -> str:
        if self.confirming is None:
            return "not confirmed"
        at = quantity(self.confirming.rate_per_s, "/s")
        said = {Verdict.PASS: "confirmed", Verdict.FAIL: "not confirmed", Verdict.UNRESOLVED: "not refuted"}
        return f"{said[self.confirming.verdict]} at {at} on a seed of its own"


def measure_capacity(subject: Subject, slo: Slo, budget: Budget, say: Callable[[str], None]) -> Capacity:
    """Measure one arm's capacity. Raises ArmFailed, ConfigError, RecsysError; ValueError for a budget of nothing."""
    n = short_requests(slo)
    say(f"{subject.arm.title}: loading the model")
    with ArmProbe(subject, slo) as probe:
        offline_per_s = probe.measure_offline(n)
        alone = probe.one_by_one(n)
        say(f"offline {quantity(offline_per_s, '/s')}; alone {alone.reason}")
        plan = SearchPlan(
            slo=slo,
            first_per_s=readable_rate(budget.first_per_s or FIRST_SHARE * offline_per_s),
            offline_per_s=offline_per_s,
            tolerance=budget.tolerance,
            probes=budget.probes,
            budget_s=budget.budget_s,
            probe_s=budget.probe_s,
            hopeless=alone.verdict is Verdict.FAIL,
        )
        found = Search(probe, plan, say).run()
        confirming = None
        if found.estimate.bound is not Bound.NONE:
            rate_per_s = readable_rate(found.estimate.interval.low)
            confirming = probe(rate_per_s, CONFIRMING * plan.long_requests(rate_per_s), CONFIRMING_NUMBER)
            say(f"confirming: {rate_per_s:g}/s: {confirming.verdict.value}: {confirming.reason}")
        return Capacity(subject.arm.title, slo, offline_per_s, alone, found, confirming, probe.reused)
