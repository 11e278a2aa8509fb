"""What every probe promises, whichever file it stands in."""

import importlib
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fake_nvml import FakeNvml
from planted_system import plant, whole_system

from bench.measure.probes import PROBES, Subject

ROOT = Path(__file__).parents[2]
ENDS = {"_s": "s", "_bytes": "B", "_j": "J", "_w": "W", "_mhz": "MHz"}
"""End of a reading's name → its unit; shares and counts have none."""
ALWAYS_THERE = {"cpu_s", "voluntary_switches", "involuntary_switches", "minor_faults", "major_faults"}
"""What every POSIX process can ask about itself, without a file."""
GAUGES = ("_bytes", "_mhz", "_w", "_share", "_reasons", "_files", "_threads")


@pytest.fixture(params=PROBES.kinds())
def kind(request):
    return request.param


def probe_class(kind):
    """The class, also where a library that its readings need is not installed."""
    importlib.import_module(f"{PROBES.package}.{kind}")
    return PROBES.get(kind)


def built(kind, subject, monkeypatch):
    """A probe whose whole machine lies below the subject's root."""
    if not psutil.LINUX:
        pytest.skip("plants files of Linux")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(subject.root / "proc"))
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(lacking=() if subject.on_gpu else ("nvmlDeviceGetSamples",)))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    return probe_class(kind)(subject)


def test_its_kind_is_the_name_of_its_file(kind):
    assert probe_class(kind).__module__ == f"{PROBES.package}.{kind}"
    assert len(PROBES.entry(kind).summary) > 20
    assert (probe_class(kind).__doc__ or "").strip()


def test_every_reading_says_what_it_means_and_its_unit_stands_in_its_name(kind):
    readings = probe_class(kind).READINGS
    assert readings
    for name, reading in readings.items():
        assert len(reading.meaning) > 10, name
        ends = [unit for end, unit in ENDS.items() if name.endswith(end)]
        assert reading.unit == (ends[0] if ends else ""), name


def test_no_reading_has_the_name_of_another_or_of_what_a_block_says_anyway():
    names = [name for kind in PROBES.kinds() for name in probe_class(kind).READINGS]
    assert len(names) == len(set(names))
    taken = {"arm", "load", "offered_per_s", "block", "process", "requests", "answered", "busy_s", "wall_s", "spin_s"}
    assert not set(names) & (taken | {"was_quiet", "collections"})


def test_the_places_are_all_different():
    places = [probe_class(kind).ORDER for kind in PROBES.kinds()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_an_empty_machine_leaves_readings_out_and_has_no_zeros(kind, device, tmp_path, monkeypatch):
    probe = built(kind, Subject(device, tmp_path), monkeypatch)
    if probe.available():
        assert len(probe.available()) > 20, "it says why"
        return
    probe.start()
    readings = probe.stop()
    assert set(readings) <= ALWAYS_THERE | {name for name in readings if name.startswith("gpu_") and device == "cuda"}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_it_returns_nothing_that_it_does_not_document_and_no_counter_goes_back(kind, device, tmp_path, monkeypatch):
    plant(tmp_path, whole_system(beats=0))
    probe = built(kind, Subject(device, tmp_path), monkeypatch)
    if probe.available():
        pytest.skip(probe.available())
    for beats in (1, 1, 3):
        probe.start()
        plant(tmp_path, whole_system(beats))
        readings = probe.stop()
        assert readings.keys() <= probe_class(kind).READINGS.keys()
        assert all(value >= 0 for value in readings.values())
        gauges = {name for name in readings if name.endswith(GAUGES)}
        assert all(readings[name] > 0 for name in gauges), "a planted gauge is read, not made up"


def test_every_reading_of_a_machine_that_tells_everything_is_told(kind, tmp_path, monkeypatch):
    if kind in ("gpu", "cuda_memory"):
        pytest.skip("told by a library, see its own test")
    plant(tmp_path, whole_system(beats=0))
    probe = built(kind, Subject("cpu", tmp_path), monkeypatch)
    probe.start()
    assert probe.available() == ""
    assert probe.stop().keys() == probe_class(kind).READINGS.keys()


def test_a_block_of_nothing_adds_nothing_to_planted_counters(kind, tmp_path, monkeypatch):
    plant(tmp_path, whole_system(beats=2))
    probe = built(kind, Subject("cuda", tmp_path), monkeypatch)
    if probe.available():
        pytest.skip(probe.available())
    probe.start()
    added = {name: value for name, value in probe.stop().items() if not name.endswith(GAUGES)}
    assert not {name: value for name, value in added.items() if value and name not in ALWAYS_THERE}


def test_probes_load_no_tables_no_pictures_and_no_models():
    script = """
import sys
from bench.clock import MonotonicClock
from bench.measure.probes import Subject
from bench.measure.probes.probe_set import build_probes
probes = build_probes(Subject(), MonotonicClock())
probes.start()
assert probes.stop()["cpu_s"] >= 0
print(*(name for name in sys.modules if sys.modules[name]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pandas", "matplotlib", "torch", "onnxruntime", "pynvml", "pyarrow"}
