"""Service times with a known law, Poisson arrivals at any rate, and a plan of an arm that nobody measured."""

from __future__ import annotations

import numpy as np

from bench.analysis.capacity.judgement import Offered, Stamps, judge
from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.bill import Means
from bench.analysis.plan.fleet import PLANNED_SHARE, Fleet
from bench.analysis.plan.held_out import HeldOutPoint
from bench.analysis.plan.prediction import Effort, Replica, capacity_per_s, predict
from bench.analysis.plan.queue import Mix
from bench.analysis.plan.search_cost import SearchCost
from bench.analysis.plan.service_times import POINTS, ServiceTimes
from bench.analysis.plan.statement import ArmPlan, BatchChoice, ItemsPoint, Plan, Question

SERVICE_MS = 5.0
SERVICE_S = SERVICE_MS / 1000
SLO = Slo("p99", 50.0)
FEW = Effort(requests=3_000, repetitions=2)
_LEVELS = (np.arange(POINTS) + 0.5) / POINTS
FIXED = np.full(POINTS, SERVICE_MS * 1e6)
EXPONENTIAL = -np.log1p(-_LEVELS) * SERVICE_MS * 1e6


def poisson(n, rate_per_s, number):
    """The same random numbers at every rate."""
    gaps_s = np.random.default_rng([3, number]).standard_exponential(n) / rate_per_s
    return np.rint(np.cumsum(gaps_s) * 1e9).astype(np.int64)


def times(row, more=0, per_request_ns=0.0):
    """A batch of one takes `row`, a larger one so much longer for each of its others."""
    rows = np.stack([row + per_request_ns * max(0, size - 1) for size in range(more + 2)])
    return ServiceTimes(rows, rows, tuple(range(1, more + 2)), np.ones(10, np.int32))


def simple_replica(law=FIXED, ingest=0.0, ingest_ms=1.0):
    from dataclasses import replace

    service = replace(times(law), ingest_ns=np.full(POINTS, ingest_ms * 1e6) if ingest else None)
    return Replica(service, mix=Mix(ingest=ingest))


def checked(replica, rate_per_s, off_by=1.0, share=0.5):
    """A held-out point of a server whose measured response times are all so many times those of its law."""
    told = predict(replica, poisson, rate_per_s, SLO.p, FEW)
    n = 1_000
    intended_ns = np.arange(n) * round(1e9 / rate_per_s)
    ended_ns = intended_ns + round(told.tail_ms.point * 1e6 / off_by)
    every = np.ones(n, bool)
    stamps = Stamps(intended_ns, ended_ns, np.full(n, 1_000_000), every, every)
    return HeldOutPoint(rate_per_s, share, told, judge(stamps, Offered(rate_per_s, 0, 200.0), SLO))


def sample_arm(name="fake", role="", off_by=1.0, ingest=0.0, hour=0.1, planned_off_by=1.0):
    replica = simple_replica(ingest=ingest)
    per_s = capacity_per_s(replica, poisson, SLO, FEW)
    fleet = Fleet(replica, per_s, SLO, poisson, FEW)
    search = SearchCost("exact", (20_000, 100_000), (1e6, 5e6), (8_000_000, 40_000_000))
    return ArmPlan(
        name=name,
        label=f"{name} [/b] :warning:",
        role=role,
        fleet=fleet,
        checks=(
            checked(replica, 60.0, off_by),
            checked(replica, 100.0),
            checked(replica, PLANNED_SHARE * per_s, planned_off_by, share=PLANNED_SHARE),
        ),
        batches=(BatchChoice(1, per_s, True),),
        curve=tuple((rate, predict(replica, poisson, rate, SLO.p, FEW)) for rate in (40.0, 80.0, 120.0)),
        by_rate=tuple((rate, fleet.replicas_for(rate)) for rate in (100.0, 1_000.0, 10_000.0, 100_000.0)),
        by_items=(
            ItemsPoint(1e3, per_s, 400, 4e5),
            ItemsPoint(1e6, 10.0, 9_000, 4e8),
            ItemsPoint(1e9, 0.0, None, 4e11),
        ),
        replicas=fleet.replicas_for(50_000.0),
        alone_ms=SERVICE_MS,
        means=Means(2, hour, None, 2e8, 16e9),
        search=search,
        cache_mb=None,
    )


def sample_plan(*arms, absent=()):
    return Plan("sample", Question(50_000.0, SLO, 600, 600), arms or (sample_arm(),), absent)
