"""All probes together: their order, their names, what they cost and why some are absent."""

import pytest

from bench.clock import MonotonicClock, VirtualClock
from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.probe_set import ProbeSet, build_probes
from recsys.errors import MissingLibrary


class Slow:
    """A probe whose calls take a known time."""

    def __init__(self, name, order, clock, took_ns=0):
        self.READINGS = {name: Reading("how often it was stopped")}
        self.ORDER = order
        self.name, self.clock, self.took_ns = name, clock, took_ns
        self.calls = clock.calls if hasattr(clock, "calls") else []
        self.stops = 0

    def available(self):
        return ""

    def start(self):
        self.calls.append(f"start {self.name}")
        self.clock.wait_until_ns(self.clock.now_ns() + self.took_ns)

    def stop(self):
        self.calls.append(f"stop {self.name}")
        self.clock.wait_until_ns(self.clock.now_ns() + self.took_ns)
        self.stops += 1
        return {self.name: self.stops}


@pytest.fixture
def clock():
    made = VirtualClock()
    made.calls = []
    return made


def test_the_last_to_start_is_the_first_to_stop(clock):
    kinds = {"b": Slow("middle", 20, clock), "a": Slow("inner", 30, clock), "c": Slow("outer", 10, clock)}
    probes = ProbeSet(kinds, {}, clock)
    clock.calls.clear()
    probes.start()
    readings = probes.stop()
    assert clock.calls == [
        "start outer", "start middle", "start inner", "stop inner", "stop middle", "stop outer",
    ]  # fmt: skip
    assert readings.keys() == {"inner", "middle", "outer"}


def test_it_knows_what_an_empty_start_and_stop_takes(clock):
    kinds = {"a": Slow("a", 1, clock, took_ns=2_000), "b": Slow("b", 2, clock, took_ns=30_000)}
    described = ProbeSet(kinds, {"x": "not here"}, clock).describe()
    assert described == {"cost_us": 64.0, "cost_us_of": {"a": 4.0, "b": 60.0}, "absent": {"x": "not here"}}


def test_two_probes_cannot_give_a_reading_the_same_name(clock):
    with pytest.raises(ValueError, match='"same" is claimed by the probes "a" and "b"'):
        ProbeSet({"a": Slow("same", 1, clock), "b": Slow("same", 2, clock)}, {}, clock)


def test_every_kind_is_built_or_said_to_be_absent_with_a_reason(tmp_path):
    described = build_probes(Subject(root=tmp_path), MonotonicClock()).describe()
    assert {*described["cost_us_of"], *described["absent"]} == set(PROBES.kinds())
    assert {"energy", "pressure", "throttling", "gpu", "cuda_memory"} <= described["absent"].keys()
    assert all(len(reason) > 20 for reason in described["absent"].values())


def test_a_missing_library_is_a_reason_not_a_failure(monkeypatch, tmp_path):
    def missing(kind):
        raise MissingLibrary(f'probe "{kind}" needs something, not installed. Next: pip install something')

    monkeypatch.setattr(PROBES, "get", missing)
    described = build_probes(Subject(root=tmp_path), MonotonicClock()).describe()
    assert described["absent"].keys() == set(PROBES.kinds())
    assert described["cost_us_of"] == {}


def test_readings_of_this_process_hold_a_block_of_work_and_little_else():
    probes = build_probes(Subject(), MonotonicClock())
    probes.start()
    readings = probes.stop()
    assert readings["cpu_s"] < 0.1, "the slow probes stop after it"
    assert readings["involuntary_switches"] >= 0
