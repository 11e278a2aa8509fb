"""A whole capacity measurement: throughput, search, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.analysis.capacity.estimate import Bound
from bench.analysis.capacity.probe_result import ProbeResult, Verdict
from bench.analysis.capacity.slo import Slo
from bench.analysis.capacity.statement import Capacity, Throughput
from bench.errors import ConfigError, NothingMeasured
from bench.experiments.arm_worker import Subject
from bench.experiments.capacity.arm_probe import ArmProbe
from bench.experiments.capacity.plan import CONFIRMING, SearchPlan, readable_rate, short_requests
from bench.experiments.capacity.search import Found, Search
from bench.measure.pool import ArmFailed, ArmMisconfigured
from bench.quantities import quantity

FIRST_SHARE = 0.5
"""The first probe is at half of the offline throughput unless a rate is given."""
CONFIRMING_NUMBER = 10_000
"""Random stream of the confirming run: none that a search uses."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may use. first_per_s None: half of the offline throughput; budget_s None: any time."""

    first_per_s: float | None = None
    probes: int = 24
    budget_s: float | None = None
    tolerance: float = 0.05
    probe_s: float = 30.0


def measure_capacity(subject: Subject, slo: Slo, budget: Budget, say: Say) -> Capacity:
    """Measure one arm's capacity.

    Raises ConfigError and RecsysError for what cannot be used, NothingMeasured where the arm is absent or fails.
    Interrupted in the search it gives what the probes so far say, not confirmed; before it raises KeyboardInterrupt.
    """
    try:
        say(f"{subject.arm.title}: loading the model")
        with ArmProbe(subject, slo) as probe:
            return _measure(probe, subject, budget, say)
    except ArmMisconfigured as error:
        raise ConfigError(error.reason) from error
    except ArmFailed as error:
        raise NothingMeasured(f'arm "{subject.arm.name}" could not be measured: {error.reason}') from error


def _measure(probe: ArmProbe, subject: Subject, budget: Budget, say: Say) -> Capacity:
    n = short_requests(probe.slo)
    offline = Throughput(probe.measure_offline(n))
    alone = probe.one_by_one(n)
    say(f"offline {quantity(offline.before_per_s, '/s')}; alone {alone.reason}")
    plan = SearchPlan(
        slo=probe.slo,
        first_per_s=readable_rate(budget.first_per_s or FIRST_SHARE * offline.before_per_s),
        offline_per_s=offline.before_per_s,
        tolerance=budget.tolerance,
        probes=budget.probes,
        budget_s=budget.budget_s,
        probe_s=budget.probe_s,
        hopeless=alone.verdict is Verdict.FAIL,
    )
    search, confirming, is_stopped = Search(probe, plan, say), None, False
    try:
        found = search.run()
        confirming = _confirm(probe, plan, found, say)
        offline = Throughput(offline.before_per_s, probe.measure_offline(n))
    except KeyboardInterrupt:
        if not search.probes:
            raise
        found, is_stopped = search.found("it was interrupted"), True
    return Capacity(
        label=subject.arm.title,
        slo=probe.slo,
        tolerance=budget.tolerance,
        offline=offline,
        alone=alone,
        probes=found.probes,
        estimate=found.estimate,
        ended=found.ended,
        confirming=confirming,
        is_stopped=is_stopped,
        measuring_notes=tuple(probe.notes),
    )


def _confirm(probe: ArmProbe, plan: SearchPlan, found: Found, say: Say) -> ProbeResult | None:
    """A longer run at the range's lower end, on a random stream of its own."""
    if found.estimate.bound is Bound.NONE:
        return None
    rate_per_s = readable_rate(found.estimate.interval.low)
    confirming = probe(rate_per_s, CONFIRMING * plan.long_requests(rate_per_s), CONFIRMING_NUMBER)
    say(f"confirming: {rate_per_s:g}/s: {confirming.verdict.value}: {confirming.reason}")
    return confirming
