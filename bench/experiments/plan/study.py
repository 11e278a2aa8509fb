"""A whole plan: every arm measured, checked on held-out points, and simulated at what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.bill import Means
from bench.analysis.plan.fleet import Fleet
from bench.analysis.plan.prediction import NS_PER_MS, Draw, Effort, Predicted, Replica, capacity_per_s, predict
from bench.analysis.plan.queue import Ns
from bench.analysis.plan.search_cost import SearchCost
from bench.analysis.plan.statement import ArmPlan, BatchChoice, ItemsPoint, Plan, Question
from bench.errors import ConfigError, NothingMeasured
from bench.experiments.arm_worker import ArmWorker, Subject
from bench.experiments.plan.arm_limits import cache_mb
from bench.experiments.plan.arm_measurement import SEARCH, ArmMeasurement, ArmMeasuring
from bench.experiments.plan.budget import Budget
from bench.experiments.plan.search_measurement import measure_search
from bench.measure.knobs.threads import default_threads
from bench.measure.pool import ArmFailed, ArmMisconfigured
from bench.scenario import ArmTable, Scenario
from bench.traffic.arrivals import Stretch, build_arrivals
from bench.traffic.seeds import stream
from recsys.data.loading import load_dataset

CURVE_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
RATES_PER_S = tuple(float(f"{10 ** (power / 2):.2g}") for power in range(4, 11))
"""100 to 100,000 requests a second."""
ITEMS = tuple(10.0**power for power in range(3, 10))
"""1,000 to 10⁹."""
QUICK = Effort(requests=6_000, repetitions=3)
"""For curves over rates and sizes of catalogue, and between lengths of batches."""
SAME_CAPACITY = 0.98
"""Longer batches that win less than the rest are not worth what each request waits for the others."""
SHORTEST = 500
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is planned for. items: of the catalogue; None = as many as the scenario's has."""

    rate_per_s: float
    slo: Slo
    items: int | None = None


def make_plan(scenario: Scenario, data_dirs: tuple[Path, ...], asked: Asked, budget: Budget, say: Say) -> Plan:
    """Measure and plan every arm. Raises ConfigError, RecsysError, and NothingMeasured where no arm can be measured."""
    known_items = len(load_dataset(scenario.data.kind, data_dirs=data_dirs, **scenario.data.options).items)
    question = Question(asked.rate_per_s, asked.slo, asked.items or known_items, known_items)
    arms, absent = [], []
    for arm in scenario.arm:
        try:
            arms.append(_plan_arm(Subject(_without_limits(scenario), arm, data_dirs), question, budget, say))
        except ArmMisconfigured as error:
            raise ConfigError(error.reason) from error
        except ArmFailed as error:
            absent.append((arm.title, error.reason))
        except NothingMeasured as error:
            absent.append((arm.title, str(error)))
    if not arms:
        reasons = "; ".join(f"{label}: {reason}" for label, reason in absent)
        raise NothingMeasured(f"no arm could be measured: {reasons}. Next: see `llm-rec-bench list`")
    return Plan(scenario.name, question, tuple(arms), tuple(absent))


def _plan_arm(subject: Subject, asked: Question, budget: Budget, say: Say) -> ArmPlan:
    arm, draw = subject.arm, arrivals_of(subject)
    say(f"{arm.title}: loading")
    with ArmWorker(subject) as worker:
        measuring = ArmMeasuring(worker, subject, asked.slo, draw, budget)
        found = measuring.run(lambda said: say(f"{arm.title}: {said}"))
        info = worker.ready.info
    say(f"{arm.title}: searching larger catalogues")
    search = measure_search(subject, info, arm.threads or default_threads() or 1)
    say(f"{arm.title}: simulating")
    return _simulated(subject, found, search, draw, asked, budget)


def _simulated(
    subject: Subject, found: ArmMeasurement, search: SearchCost | None, draw: Draw, asked: Question, budget: Budget
) -> ArmPlan:
    arm = subject.arm
    replica, batches = _best_batches(_at_items(found.replica, search, asked.items, asked), draw, asked)
    fleet = Fleet(replica, capacity_per_s(replica, draw, asked.slo, SEARCH), asked.slo, draw, SEARCH, budget.share)
    return ArmPlan(
        name=arm.name,
        label=arm.title,
        role=arm.role,
        fleet=fleet,
        checks=found.checks,
        batches=batches,
        curve=_curve(found, draw, asked),
        by_rate=_by_rate(replace(fleet, effort=QUICK), asked.rate_per_s),
        by_items=_by_items(replace(found.replica, limits=replica.limits), search, draw, asked, budget),
        replicas=fleet.replicas_for(asked.rate_per_s),
        alone_ms=found.replica.service.alone_ns(asked.slo.p) / NS_PER_MS,
        means=_means(subject, found),
        search=search,
        cache_mb=cache_mb(arm),
        notes=(*found.notes, *_items_note(arm, search, asked)),
    )


def _without_limits(scenario: Scenario) -> Scenario:
    """Nobody is refused and nobody gives up: the simulation has neither, and capacity is to be had before both."""
    loads = [load.model_copy(update={"timeout_ms": None, "queue_limit": None}) for load in scenario.load]
    return scenario.model_copy(update={"load": tuple(loads)})


def _items_note(arm: ArmTable, search: SearchCost | None, asked: Question) -> tuple[str, ...]:
    if search is not None or asked.items == asked.known_items:
        return ()
    return (
        f"{arm.title}: its index was not measured, so its plan is for the {asked.known_items:,} items of the data.",
    )


def arrivals_of(subject: Subject) -> Draw:
    """The scenario's arrivals at any rate; of a recording as much as it has."""
    table = subject.open_load.arrivals
    if table is None:
        raise ValueError("an open load has arrivals")
    process, seed = build_arrivals(table), subject.scenario.seed

    def draw(n: int, rate_per_s: float, number: int) -> Ns:
        while True:
            try:
                rng = stream(seed, "plan", number)
                return process.intended_ns(Stretch(n, rate_per_s, rng, 0, subject.data_dirs))
            except ConfigError:
                if n // 2 < SHORTEST:
                    raise
                n //= 2

    return draw


def _at_items(replica: Replica, search: SearchCost | None, n_items: float, asked: Question) -> Replica:
    """The replica with a catalogue of so many items; as measured where its index was not."""
    if search is None:
        return replica
    return replace(replica, service=replica.service.slower_by(search.extra_ns(n_items, asked.known_items)))


def _best_batches(replica: Replica, draw: Draw, asked: Question) -> tuple[Replica, tuple[BatchChoice, ...]]:
    """The shortest batches whose capacity is as good as that of any, and what each length gives."""
    own = replica.limits.max_requests
    lengths = sorted({2**power for power in range(own.bit_length()) if 2**power <= own} | {own})
    tried = []
    for length in lengths:
        cut = replace(replica, limits=replica.limits.with_requests(length))
        tried.append(BatchChoice(length, capacity_per_s(cut, draw, asked.slo, QUICK), length == own))
    most = max(each.capacity_per_s for each in tried)
    best = next((each for each in tried if most and each.capacity_per_s >= SAME_CAPACITY * most), tried[-1])
    return replace(replica, limits=replica.limits.with_requests(best.max_requests)), tuple(tried)


def _curve(found: ArmMeasurement, draw: Draw, asked: Question) -> tuple[tuple[float, Predicted], ...]:
    """The percentile of one replica against the rate, as it was measured."""
    most_per_s = found.capacity_per_s or found.replica.most_per_s
    rates = [share * most_per_s for share in CURVE_SHARES]
    return tuple((rate, predict(found.replica, draw, rate, asked.slo.p, SEARCH)) for rate in rates)


def _by_rate(fleet: Fleet, asked_per_s: float) -> tuple[tuple[float, int | None], ...]:
    """Replicas by rate; what is asked stands among them where it lies between them."""
    rates = {*RATES_PER_S, min(max(asked_per_s, RATES_PER_S[0]), RATES_PER_S[-1])}
    return tuple((rate, fleet.replicas_for(rate)) for rate in sorted(rates))


def _by_items(
    replica: Replica, search: SearchCost | None, draw: Draw, asked: Question, budget: Budget
) -> tuple[ItemsPoint, ...]:
    """What sizes of catalogue take at the rate that is asked; nothing where searches were not measured."""
    points: list[ItemsPoint] = []
    for n_items in ITEMS if search is not None else ():
        grown = _at_items(replica, search, n_items, asked)
        per_s = capacity_per_s(grown, draw, asked.slo, QUICK)
        needed = Fleet(grown, per_s, asked.slo, draw, QUICK, budget.share).replicas_for(asked.rate_per_s)
        points.append(ItemsPoint(n_items, per_s, needed, search.memory_bytes(n_items) if search else None))
    return tuple(points)


def _means(subject: Subject, found: ArmMeasurement) -> Means:
    arm, prices = subject.arm, subject.scenario.prices
    usable = default_threads() or psutil.cpu_count() or 1
    cores = min(usable, (arm.threads or usable) * arm.workers)
    return Means(cores, _hour(arm, cores, prices), found.joules, found.rss_bytes, psutil.virtual_memory().total)


def _hour(arm: ArmTable, cores: int, prices: object) -> float | None:
    """Price of a replica's hour: its cores, and its GPU where it has one, as far as they are priced."""
    per_core, gpu = (getattr(prices, name, None) for name in ("cpu_core_hour", "gpu_hour"))
    if arm.device != "cpu":
        return None if gpu is None else gpu + cores * (per_core or 0.0)
    return None if per_core is None else cores * per_core
