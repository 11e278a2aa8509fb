"""Use, memory, clocks, power and energy of the arm's NVIDIA GPU, through NVML."""

from __future__ import annotations

import importlib
import os
from typing import Any, ClassVar

from bench.measure.probes import PROBES, Reading, Subject
from bench.measure.probes.counters import CounterProbe
from bench.measure.probes.nvml_device import NvmlDevice

REQUIRES = ("pynvml",)
EXTRA = "gpu"
US_PER_S = 1e6
NS_PER_S = 1e9
PER_THOUSAND = 1e3
"""NVML tells energy in mJ and power in mW."""


@PROBES.register("gpu")
class GpuProbe(CounterProbe):
    """Of the whole GPU, other processes included, but for `gpu_process_bytes`.

    Use is the mean of the samples that the driver takes by itself, so nothing is asked while requests are served. A
    block that outlasts the driver's buffer is told by its last part, `gpu_sampled_s`; one of less than two samples is
    told nothing of.
    """

    ORDER: ClassVar[int] = 10
    READINGS: ClassVar[dict[str, Reading]] = {
        "gpu_busy_share": Reading("share of the time in which at least one kernel ran, mean of the driver's samples"),
        "gpu_sampled_s": Reading("seconds from the first to the last of those samples", "s"),
        "gpu_energy_j": Reading("joules of the GPU in the block, idle power included", "J"),
        "gpu_power_throttled_s": Reading("seconds in which the power limit held the clocks down", "s"),
        "gpu_thermal_throttled_s": Reading("seconds in which heat held the clocks down", "s"),
        "gpu_process_bytes": Reading("GPU memory of the process after the block, CUDA's context included", "B"),
        "gpu_used_bytes": Reading("memory in use on the GPU after the block", "B"),
        "gpu_sm_clock_mhz": Reading("clock of the multiprocessors right after the block", "MHz"),
        "gpu_memory_clock_mhz": Reading("clock of the memory right after the block", "MHz"),
        "gpu_power_w": Reading("power right after the block; newer GPUs tell the mean of the last second", "W"),
        "gpu_throttle_reasons": Reading("what holds the clocks down right after the block, NVML's bit mask"),
    }

    def __init__(self, subject: Subject, nvml: Any = None) -> None:
        """nvml: stands in for the module pynvml."""
        super().__init__()
        self._absent = f'the arm computes on "{subject.device}", not on an NVIDIA GPU'
        if subject.on_gpu:
            self._gpu = NvmlDevice(nvml or importlib.import_module("pynvml"), subject.device)
            self._absent = self._gpu.absent
        self._seen_us = 0

    def available(self) -> str:
        """Where the arm is on a GPU that NVML can be asked about."""
        return self._absent

    def counters(self) -> dict[str, float]:
        """Energy since the driver was loaded, and throttled time."""
        nvml, ask = self._gpu.nvml, self._gpu.ask
        power = ask("nvmlDeviceGetViolationStatus", nvml.NVML_PERF_POLICY_POWER)
        heat = ask("nvmlDeviceGetViolationStatus", nvml.NVML_PERF_POLICY_THERMAL)
        return _told(
            gpu_energy_j=_scaled(ask("nvmlDeviceGetTotalEnergyConsumption"), PER_THOUSAND),
            gpu_power_throttled_s=_scaled(power and power.violationTime, NS_PER_S),
            gpu_thermal_throttled_s=_scaled(heat and heat.violationTime, NS_PER_S),
        )

    def start(self) -> None:
        """Remember the newest sample of the driver, so that those of the block are told from older ones."""
        self._seen_us = max((time_us for time_us, _ in self._gpu.utilisation_since(0)), default=0)
        super().start()

    def stop(self) -> dict[str, float]:
        """Counters and samples first: what else is asked takes milliseconds."""
        return super().stop() | self._utilisation() | self._gauges()

    def _utilisation(self) -> dict[str, float]:
        samples = self._gpu.utilisation_since(self._seen_us)
        if len(samples) < 2:
            return {}
        times_us = [time_us for time_us, _ in samples]
        return {
            "gpu_busy_share": sum(percent for _, percent in samples) / (100 * len(samples)),
            "gpu_sampled_s": (max(times_us) - min(times_us)) / US_PER_S,
        }

    def _gauges(self) -> dict[str, float]:
        nvml, ask = self._gpu.nvml, self._gpu.ask
        memory = ask("nvmlDeviceGetMemoryInfo")
        return _told(
            gpu_process_bytes=self._gpu.process_bytes(os.getpid()),
            gpu_used_bytes=memory and memory.used,
            gpu_sm_clock_mhz=ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM),
            gpu_memory_clock_mhz=ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
            gpu_power_w=_scaled(ask("nvmlDeviceGetPowerUsage"), PER_THOUSAND),
            gpu_throttle_reasons=ask("nvmlDeviceGetCurrentClocksThrottleReasons"),
        )


def _scaled(value: int | None, per_unit: float) -> float | None:
    return None if value is None else value / per_unit


def _told(**values: float | None) -> dict[str, float]:
    """Without those that NVML does not tell."""
    return {name: value for name, value in values.items() if value is not None}
