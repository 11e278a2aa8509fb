"""Two replicas of the fake encoder: their capacity is predicted from one, then measured, with one queue and with two.

Each side takes about two minutes; let nothing else run. The short cut is tests/known_answer/test_plan_queues.py.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from mini_scenario import FAKE, scenario_text, write_scenario

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.held_out import CLAIMED_BELOW
from bench.analysis.plan.prediction import Effort, capacity_per_s
from bench.analysis.stats.quantile import quantile
from bench.experiments.arm_worker import ArmWorker, Subject
from bench.experiments.capacity.study import Budget, measure_capacity
from bench.experiments.plan.arm_measurement import ArmMeasuring
from bench.experiments.plan.budget import Budget as PlanBudget
from bench.experiments.plan.study import arrivals_of
from bench.scenario_file import Overrides, read_scenario
from recsys.types import RequestKind

pytestmark = pytest.mark.verify

SLO = Slo("p99", 40.0)
REQUESTS = '[requests]\nhistory = 10\nk = 10\nrepeat = "zipf"\n'
ARM = FAKE.replace('kind = "fake"', 'kind = "fake", service_ms = 5.0') + "threads = 1\n"
CLOSE = 0.2
POINT_S = 30.0
EFFORT = Effort(requests=40_000, repetitions=8)


@pytest.fixture(scope="module")
def subject_with(tmp_path_factory):
    """A function: number of workers → the arm with so many."""
    path = write_scenario(tmp_path_factory.mktemp("replicas"), scenario_text(requests=REQUESTS, arms=ARM))

    def build(workers):
        scenario = read_scenario(path, Overrides((f"arm.fake.workers={workers}",), ())).scenario
        return Subject(scenario, scenario.arm[0], ())

    return build


@pytest.fixture(scope="module")
def measured(subject_with):
    """One replica as the plan sees it, and what it was held against."""
    subject = subject_with(1)
    with ArmWorker(subject) as worker:
        return ArmMeasuring(worker, subject, SLO, arrivals_of(subject), PlanBudget(POINT_S)).run(print)


def test_held_out_rates_below_where_replicas_are_planned_are_predicted_within_15_percent(measured):
    claimed = [point for point in measured.checks if point.share < CLAIMED_BELOW]
    assert [point.share for point in claimed] == [0.3, 0.5, 0.7]
    for point in claimed:
        assert abs(point.error) <= 0.15, f"{point.rate_per_s}/s: {point.error:+.1%}"


def test_two_workers_with_one_queue(measured, subject_with):
    two = replace(measured.replica, servers=2)
    predicted_per_s = capacity_per_s(two, arrivals_of(subject_with(1)), SLO, EFFORT)
    found = measure_capacity(subject_with(2), SLO, Budget(probes=14, probe_s=15.0), print)
    measured_per_s = found.estimate.interval.point
    assert predicted_per_s == pytest.approx(measured_per_s, rel=CLOSE)


def test_two_processes_with_a_queue_each(measured, subject_with):
    """Both run at the same time on Poisson arrivals of half the rate: what is left of one process divided at random."""
    subject = subject_with(1)
    predicted_per_s = 2 * capacity_per_s(measured.replica, arrivals_of(subject), SLO, EFFORT)
    with ExitStack() as stack:
        workers = [stack.enter_context(ArmWorker(subject)) for _ in range(2)]
        shares = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
        p99_ms = [_p99_together_ms(workers, share * predicted_per_s / 2, place) for place, share in enumerate(shares)]
    rates = np.array(shares) * predicted_per_s
    measured_per_s = _crossing(rates, np.maximum.accumulate(p99_ms))
    assert predicted_per_s == pytest.approx(measured_per_s, rel=CLOSE)


def _p99_together_ms(workers, rate_per_s, place):
    """The middle of three p99s, so that one spell of the machine does not decide."""
    return float(np.median([_p99_once_ms(workers, rate_per_s, 3 * place + again) for again in range(3)]))


def _p99_once_ms(workers, rate_per_s, number):
    """p99 of all lists of both, each on a schedule of its own, the first fifth left out."""

    def serve(own):
        served, part = workers[own].serve_at(rate_per_s, math.ceil(10 * rate_per_s), 2 * number + own)
        lists = workers[own].kinds(part) == RequestKind.RECOMMEND
        return (served.observed_ns - served.intended_ns)[lists][len(part) // 5 :] / 1e6

    with ThreadPoolExecutor(2) as pool:
        return quantile(np.concatenate(list(pool.map(serve, range(2)))), 0.99)


def _crossing(rates_per_s, p99_ms):
    """The rate at which a rising curve reaches the limit, between two rates on a logarithmic scale."""
    assert p99_ms[0] <= SLO.limit_ms < p99_ms[-1]
    return float(np.exp(np.interp(np.log(SLO.limit_ms), np.log(p99_ms), np.log(rates_per_s))))
