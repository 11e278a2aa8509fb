"""What probes cost around a block, outside what is timed. Run by `make perf`; no limits."""

import importlib

import pytest

from bench.clock import MonotonicClock
from bench.measure.probes import PROBES, Subject
from bench.measure.probes.probe_set import build_probes


def test_all_probes_around_an_empty_block(benchmark):
    probes = build_probes(Subject(), MonotonicClock())

    def around():
        probes.start()
        return probes.stop()

    assert benchmark(around)["cpu_s"] >= 0


@pytest.mark.parametrize("kind", PROBES.kinds())
def test_one_probe_around_an_empty_block(benchmark, kind):
    importlib.import_module(f"{PROBES.package}.{kind}")
    probe = PROBES.get(kind)(Subject())
    if probe.available():
        pytest.skip(probe.available())

    def around():
        probe.start()
        return probe.stop()

    assert benchmark(around).keys() <= probe.READINGS.keys()
