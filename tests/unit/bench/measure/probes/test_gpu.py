"""The GPU probes against a stand-in of NVML and of PyTorch, and against true ones where they are."""

import inspect
import os
import sys
from types import SimpleNamespace

import pytest
from fake_nvml import FakeNvml

from bench.measure.probes import PROBES, Subject
from bench.measure.probes.cuda_memory import CudaMemoryProbe
from bench.measure.probes.gpu import GpuProbe
from bench.measure.probes.nvml_device import NvmlDevice

GPU = Subject("cuda")


@pytest.fixture(autouse=True)
def _every_gpu_is_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def block(nvml, during):
    """What the probe returns of a block in which `during` happened."""
    probe = GpuProbe(GPU, nvml)
    assert probe.available() == ""
    probe.start()
    during()
    return probe.stop()


def test_use_is_the_mean_of_the_samples_since_the_start():
    nvml = FakeNvml()
    nvml.sample(1_000_000, 100)

    def during():
        for step, percent in enumerate((20, 40, 60)):
            nvml.sample(1_500_000 + 200_000 * step, percent)

    readings = block(nvml, during)
    assert readings["gpu_busy_share"] == pytest.approx(0.4)
    assert readings["gpu_sampled_s"] == pytest.approx(0.4)


def test_an_idle_gpu_before_the_block_and_a_block_too_short_for_samples():
    nvml = FakeNvml()
    assert not {"gpu_busy_share", "gpu_sampled_s"} & block(nvml, lambda: None).keys()
    assert "gpu_busy_share" not in block(nvml, lambda: nvml.sample(5, 50)), "one sample is mostly what was before"
    assert block(nvml, lambda: [nvml.sample(time_us, 10) for time_us in (6, 7)])["gpu_busy_share"] == 0.1


def test_a_block_longer_than_the_drivers_buffer_is_told_by_its_last_part():
    nvml = FakeNvml(buffer=10)
    readings = block(nvml, lambda: [nvml.sample(time_us, time_us // 1000) for time_us in range(1000, 51_000, 1000)])
    assert readings["gpu_sampled_s"] == pytest.approx(0.009)
    assert readings["gpu_busy_share"] == pytest.approx(0.455)


def test_counters_are_differences_and_gauges_are_in_their_units():
    nvml = FakeNvml()
    nvml.processes = {os.getpid() + 1: 111, os.getpid(): 222}

    def during():
        nvml.energy_mj += 12_500
        nvml.violation_ns = {0: 10 + 2_000_000_000, 1: 20}

    assert block(nvml, during) == pytest.approx(
        {
            "gpu_energy_j": 12.5, "gpu_power_throttled_s": 2.0, "gpu_thermal_throttled_s": 0.0,
            "gpu_process_bytes": 222, "gpu_used_bytes": 30_000, "gpu_sm_clock_mhz": 1980, "gpu_memory_clock_mhz": 2619,
            "gpu_power_w": 345.6, "gpu_throttle_reasons": 4,
        }
    )  # fmt: skip


def test_every_function_that_the_driver_refuses_leaves_its_readings_out():
    functions = [name for name in dir(FakeNvml) if name.startswith("nvmlDeviceGet") and "Handle" not in name]
    assert block(FakeNvml(lacking=tuple(functions)), lambda: None) == {}
    for name in functions:
        assert block(FakeNvml(lacking=(name,)), lambda: None), "the others are still told"


def test_a_process_that_nvml_does_not_know_has_no_memory_there_instead_of_0():
    nvml = FakeNvml()
    nvml.processes = {os.getpid(): None}
    assert "gpu_process_bytes" not in block(nvml, lambda: None)
    nvml.processes = {}
    assert "gpu_process_bytes" not in block(nvml, lambda: None)


def test_it_is_absent_without_a_driver_a_gpu_or_an_arm_on_it():
    assert "Shared Library Not Found" in GpuProbe(GPU, FakeNvml(has_driver=False)).available()
    assert "GPU 3: Not Found" in GpuProbe(Subject("cuda:3"), FakeNvml()).available()
    assert '"cpu"' in GpuProbe(Subject("cpu"), FakeNvml()).available()


@pytest.mark.parametrize(
    ("device", "visible", "number"),
    [("cuda", "", 0), ("cuda:1", "", 1), ("cuda", "2,0", 2), ("cuda:1", "2, 0", 0), ("cuda", "GPU-2", 2)],
)
def test_it_asks_the_gpu_that_cuda_gives_the_arm(device, visible, number, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    nvml = FakeNvml(gpus=3)
    NvmlDevice(nvml, device).ask("nvmlDeviceGetTotalEnergyConsumption")
    assert nvml.asked == [number]


def test_the_stand_in_has_the_signatures_of_the_real_module():
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    for name in dir(FakeNvml):
        if name.startswith("nvml"):
            theirs, ours = getattr(pynvml, name), getattr(FakeNvml(), name)
            assert [*inspect.signature(theirs).parameters] == [*inspect.signature(ours).parameters], name
        elif name.startswith("NVML_"):
            assert getattr(pynvml, name) == getattr(FakeNvml, name), name
    assert {field for field, _ in pynvml.c_nvmlSample_t._fields_} == {"timeStamp", "sampleValue"}
    assert {"violationTime"} <= {field for field, _ in pynvml.c_nvmlViolationTime_t._fields_}
    assert str(pynvml.NVMLError(6)) == str(FakeNvml.NVMLError(6))


def test_a_true_gpu_answers_within_reason():
    pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    probe = GpuProbe(GPU)
    if probe.available():
        pytest.skip(probe.available())
    probe.start()
    readings = probe.stop()
    assert readings.keys() <= PROBES.get("gpu").READINGS.keys()
    assert 0 < readings["gpu_used_bytes"] < 1e12
    assert 0 < readings.get("gpu_power_w", 1) < 5000
    assert 0 <= readings.get("gpu_energy_j", 0) < 5000


def fake_torch(started=True):
    peaks = {"allocated": 900, "reserved": 1000}
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_initialized=lambda: started,
            reset_peak_memory_stats=lambda device: peaks.update(allocated=10, reserved=20),
            max_memory_allocated=lambda device: peaks["allocated"],
            max_memory_reserved=lambda device: peaks["reserved"],
        )
    )


def test_pytorch_tells_the_peaks_of_the_block(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", fake_torch())
    probe = CudaMemoryProbe(GPU)
    assert probe.available() == ""
    probe.start()
    assert probe.stop() == {"gpu_allocated_peak_bytes": 10, "gpu_reserved_peak_bytes": 20}


def test_pytorch_is_neither_imported_nor_started(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert "does not use PyTorch" in CudaMemoryProbe(GPU).available()
    assert "torch" not in sys.modules
    monkeypatch.setitem(sys.modules, "torch", fake_torch(started=False))
    probe = CudaMemoryProbe(GPU)
    assert "does not use PyTorch" in probe.available()
    probe.start()
    assert probe.stop() == {}
    assert '"cpu"' in CudaMemoryProbe(Subject("cpu")).available()
