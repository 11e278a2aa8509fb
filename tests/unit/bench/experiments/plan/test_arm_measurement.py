"""What a plan asks of a worker, and what it makes of the answers: a cache that fills, points held out, refusals."""

import numpy as np
import pytest
from known_queue import ends_ns
from mini_scenario import FAKE, scenario_text, write_scenario

from bench.analysis.capacity.slo import Slo
from bench.analysis.plan.prediction import Effort
from bench.errors import NothingMeasured
from bench.experiments import arm_worker
from bench.experiments.arm_worker import ArmWorker, Subject
from bench.experiments.plan import arm_measurement
from bench.experiments.plan.arm_measurement import ArmMeasuring
from bench.experiments.plan.budget import Budget
from bench.experiments.plan.study import arrivals_of
from bench.measure.recorder import Outcome
from bench.measure.worker import Served
from bench.scenario_file import Overrides, read_scenario
from recsys.serving.protocols import STAGES

SERVICE_NS = 1_000_000
CACHED = FAKE + "cache = { capacity_mb = 4 }\n"
REQUESTS = '[requests]\nhistory = 10\nk = 10\nrepeat = "zipf"\n'


class FakePool:
    """A worker that takes 1 ms a request. Its cache is cold in short blocks and for a fifth of one at a rate.

    failed: share of its requests.
    """

    def __init__(self, failed=0.0):
        self.failed = failed

    def __exit__(self, *exception):
        pass

    def start(self, assignment):
        pass

    def warm_up(self, name, command):
        pass

    def serve(self, name, command):
        n, is_scheduled = len(command.slice), command.intended_ns is not None
        places = np.arange(n)
        tokens = np.full(n, 5, np.int32)
        if is_scheduled:
            tokens[(places >= n / 5) & (places % 4 > 0)] = 0
        intended_ns = command.intended_ns if is_scheduled else places * SERVICE_NS
        ended_ns = ends_ns(intended_ns, np.full(n, SERVICE_NS))
        outcomes = np.where(places < self.failed * n, Outcome.FAILED, Outcome.ANSWERED).astype(np.int8)
        told = {
            "intended_ns": intended_ns, "taken_ns": ended_ns - SERVICE_NS, "observed_ns": ended_ns, "tokens": tokens,
            "stage_ends_ns": dict.fromkeys(STAGES, ended_ns - SERVICE_NS), "outcomes": outcomes, "readings": {},
            "wall_s": float(ended_ns.max()) / 1e9, "errors": {"it broke": 1},
        }  # fmt: skip
        return Served(**dict.fromkeys(Served.__dataclass_fields__, 0) | told)


@pytest.fixture
def measured_by(tmp_path, monkeypatch):
    """A function: (arm, pool, share planned at) → what is measured of it."""
    monkeypatch.setattr(arm_measurement, "SEARCH", Effort(requests=2_000, repetitions=2))

    def measure(arm, pool, share=0.8):
        monkeypatch.setattr(arm_worker, "WorkerPool", lambda: pool)
        path = write_scenario(tmp_path, scenario_text(requests=REQUESTS, arms=arm))
        scenario = read_scenario(path, Overrides()).scenario
        subject = Subject(scenario, scenario.arm[0], (tmp_path,))
        with ArmWorker(subject) as worker:
            budget = Budget(point_s=1.0, share=share)
            return ArmMeasuring(worker, subject, Slo("p90", 20.0), arrivals_of(subject), budget).run(print)

    return measure


def test_hits_are_those_of_the_load_once_its_block_has_settled(measured_by):
    """Three of four; sizes were measured with a cold cache, and so was the first fifth."""
    service = measured_by(CACHED, FakePool()).replica.service
    assert service.counts_hits
    assert service.hit_share == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(("share", "shares"), [(0.8, [0.3, 0.5, 0.7, 0.8]), (0.5, [0.3, 0.5, 0.7])])
def test_the_share_that_is_planned_at_is_held_out_too(measured_by, share, shares):
    found = measured_by(FAKE, FakePool(), share)
    assert [point.share for point in found.checks] == shares
    for point in found.checks:
        assert point.rate_per_s == pytest.approx(point.share * found.capacity_per_s, rel=0.01)
        assert abs(point.error) < 0.15


def test_failing_requests_say_what_to_do(measured_by):
    with pytest.raises(NothingMeasured, match=r'arm "fake": 50% of the requests failed: it broke\. Next: .*--arm fake'):
        measured_by(FAKE, FakePool(failed=0.5))


def test_too_few_batches_say_what_to_do(measured_by, monkeypatch):
    monkeypatch.setattr(arm_measurement, "ALONE_REQUESTS", 5)
    with pytest.raises(NothingMeasured, match=r'arm "fake": 5 batches, none of a size that came 20 times\. Next: '):
        measured_by(FAKE, FakePool())
