"""How one worker is asked for probes: fresh schedules, fresh rows, a cache that starts alike."""

import numpy as np
import pytest
from known_queue import ends_ns
from mini_scenario import FAKE, TFIDF, scenario_text, write_scenario

from bench.analysis.capacity.slo import Slo
from bench.experiments import arm_worker
from bench.experiments.arm_worker import Subject
from bench.experiments.capacity.arm_probe import ArmProbe
from bench.measure.recorder import Outcome
from bench.measure.worker import Served, WarmUp
from bench.scenario_file import Overrides, read_scenario
from recsys.serving.protocols import STAGES

SERVICE_NS = 1_000_000
REQUESTS = '[requests]\nhistory = 10\nk = 10\nfeedback_share = 0.1\nrepeat = "zipf"\n'


class FakePool:
    """Answers as a worker does that takes 1 ms a request. asked: every command, in order."""

    def __init__(self):
        self.asked = []

    def __exit__(self, *exception):
        pass

    def start(self, assignment):
        pass

    def warm_up(self, name, command):
        self.asked.append(command)

    def serve(self, name, command):
        self.asked.append(command)
        n = len(command.slice)
        intended_ns = np.zeros(n, np.int64) if command.intended_ns is None else command.intended_ns
        ended_ns = ends_ns(intended_ns, np.full(n, SERVICE_NS))
        told = {
            "intended_ns": intended_ns, "taken_ns": ended_ns - SERVICE_NS, "observed_ns": ended_ns,
            "stage_ends_ns": dict.fromkeys(STAGES, ended_ns), "outcomes": np.full(n, Outcome.ANSWERED, np.int8),
            "wall_s": float(ended_ns.max()) / 1e9,
        }  # fmt: skip
        return Served(**dict.fromkeys(Served.__dataclass_fields__, 0) | told)


@pytest.fixture
def probe_of(tmp_path, monkeypatch):
    """A function: text of the scenario → a probe of its first arm, and the pool that it asks."""

    def build(text):
        pool = FakePool()
        monkeypatch.setattr(arm_worker, "WorkerPool", lambda: pool)
        scenario = read_scenario(write_scenario(tmp_path, text), Overrides()).scenario
        return ArmProbe(Subject(scenario, scenario.arm[0], (tmp_path,)), Slo("p99", 50.0)), pool

    return build


def served(pool):
    return [command for command in pool.asked if not isinstance(command, WarmUp)]


def test_each_probe_has_the_next_rows_and_a_schedule_of_its_own(probe_of):
    probe, pool = probe_of(scenario_text(requests=REQUESTS, arms=FAKE))
    with probe:
        assert probe.measure_offline(500) == pytest.approx(1000)
        first = probe(100.0, 700, 0)
        probe(100.0, 700, 1)
        probe(110.0, 700, 1)
        again = probe(100.0, 700, 0)
    assert (first.rate_per_s, first.seed, first.requests) == (100.0, 0, 700)
    assert first.counted < 0.8 * 700, "the settled ones that ask for a list, without feedback"
    slices = [(command.slice.low, command.slice.high) for command in served(pool)]
    assert slices == [(5, 505), (505, 1205), (1205, 1905), (1905, 2605), (2605, 3305)]
    times = [command.intended_ns for command in served(pool)[1:]]
    assert not (times[0] == times[1]).any() and not (times[1] == times[2]).any()
    assert (times[0] == times[3]).all(), "the same number gives the same schedule"
    assert again.rate_per_s == first.rate_per_s
    assert sum(isinstance(command, WarmUp) for command in pool.asked) == 1
    assert not probe.notes


def test_an_arm_with_a_cache_warms_up_before_every_probe(probe_of):
    probe, pool = probe_of(scenario_text(requests=REQUESTS, arms=FAKE + "cache = { capacity_mb = 4 }\n"))
    with probe:
        probe.measure_offline(500)
        probe(100.0, 600, 0)
    assert [isinstance(command, WarmUp) for command in pool.asked] == [True, True, False, True, False]


def test_data_that_is_too_short_is_served_again_and_that_is_said(probe_of):
    once = REQUESTS.replace('repeat = "zipf"', 'repeat = "none"')
    data = '[data]\nkind = "embedded"\nusers = 400\n'
    probe, pool = probe_of(scenario_text(data=data, requests=once, arms=TFIDF))
    with probe:
        probe.measure_offline(600)
        for number in range(arm_worker.LONGEST_TRACE // 600):
            assert probe(100.0, 600, number).requests == 600
            if probe.notes:
                break
        length = probe(100.0, arm_worker.LONGEST_TRACE, 999).requests + 5
    assert all(command.slice.high <= length for command in served(pool))
    assert probe.notes == [f"The data has {length:,} requests: they were served more than once."]


def test_a_recording_goes_on_and_begins_anew_where_it_ends(probe_of, tmp_path):
    times = np.cumsum(np.random.default_rng(2).exponential(1.0, 1500))
    (tmp_path / "arrivals.csv").write_text("timestamp\n" + "\n".join(f"{time:.6f}" for time in times))
    load = '[[load]]\nkind = "server"\narrivals = { kind = "trace", path = "arrivals.csv" }\nrequests = 10\n'
    probe, pool = probe_of(scenario_text(requests=REQUESTS, load=load, arms=FAKE))
    with probe:
        probe.measure_offline(500)
        for number in range(3):
            probe(100.0, 700, number)
    gaps = [np.diff(command.intended_ns) for command in served(pool)[1:]]
    assert not (gaps[0] == gaps[1]).all()
    assert (gaps[0] == gaps[2]).all()
    assert probe.notes == ["The recording of arrivals is shorter than the search: it was replayed more than once."]
