"""A stand-in for the module pynvml: the functions that the GPU probe asks, with a GPU whose every number is planted.

As the real ones, they take a handle first, raise NVMLError with a code, and give structures with NVML's field names.
"""

from __future__ import annotations

from types import SimpleNamespace

NVML_ERROR_NOT_SUPPORTED = 3
NVML_ERROR_NOT_FOUND = 6
NVML_ERROR_LIBRARY_NOT_FOUND = 12
MESSAGES = {3: "Not Supported", 6: "Not Found", 12: "NVML Shared Library Not Found"}
UNSIGNED_INT = 1


class FakeNvml:
    """pynvml with the GPUs given. lacking: functions that this driver or GPU does not support.

    buffer: how many samples of each kind the driver keeps, as the real one forgets the oldest.
    """

    NVML_GPU_UTILIZATION_SAMPLES = 1
    NVML_PERF_POLICY_POWER = 0
    NVML_PERF_POLICY_THERMAL = 1
    NVML_CLOCK_SM = 1
    NVML_CLOCK_MEM = 2

    class NVMLError(Exception):
        """An error of NVML. value: its code."""

        def __init__(self, value: int) -> None:
            super().__init__(value)
            self.value = value

        def __str__(self) -> str:
            return MESSAGES[self.value]

    def __init__(
        self, gpus: int = 1, lacking: tuple[str, ...] = (), has_driver: bool = True, buffer: int = 100
    ) -> None:
        self.gpus = {f"GPU-{number}": number for number in range(gpus)}
        self.lacking = lacking
        self.has_driver = has_driver
        self.buffer = buffer
        self.samples: list[tuple[int, int]] = []
        self.energy_mj = 50_000
        self.violation_ns = {self.NVML_PERF_POLICY_POWER: 10, self.NVML_PERF_POLICY_THERMAL: 20}
        self.processes: dict[int, int | None] = {}
        self.asked: list[int] = []

    def __getattribute__(self, name: str):
        if name.startswith("nvmlDevice") and name in object.__getattribute__(self, "lacking"):
            return self._refuse
        return object.__getattribute__(self, name)

    def _refuse(self, *arguments: object) -> None:
        raise self.NVMLError(NVML_ERROR_NOT_SUPPORTED)

    def sample(self, time_us: int, percent: int) -> None:
        """The driver takes a sample by itself."""
        self.samples = [*self.samples, (time_us, percent)][-self.buffer :]

    def nvmlInit(self) -> None:  # noqa: N802 NVML's name
        if not self.has_driver:
            raise self.NVMLError(NVML_ERROR_LIBRARY_NOT_FOUND)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        if index >= len(self.gpus):
            raise self.NVMLError(NVML_ERROR_NOT_FOUND)
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:  # noqa: N802
        if uuid not in self.gpus:
            raise self.NVMLError(NVML_ERROR_NOT_FOUND)
        return self.gpus[uuid]

    def nvmlDeviceGetSamples(self, device: int, sampling_type: int, timeStamp: int):  # noqa: N802, N803
        assert sampling_type == self.NVML_GPU_UTILIZATION_SAMPLES
        newer = [sample for sample in self.samples if sample[0] > timeStamp]
        if not newer:
            raise self.NVMLError(NVML_ERROR_NOT_FOUND)
        told = [SimpleNamespace(timeStamp=time, sampleValue=SimpleNamespace(uiVal=percent)) for time, percent in newer]
        return UNSIGNED_INT, told

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:  # noqa: N802
        self.asked.append(handle)
        return self.energy_mj

    def nvmlDeviceGetViolationStatus(self, device: int, perfPolicyType: int):  # noqa: N802, N803
        return SimpleNamespace(referenceTime=0, violationTime=self.violation_ns[perfPolicyType])

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int):  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in self.processes.items()]

    def nvmlDeviceGetMemoryInfo(self, handle: int, version: object = None):  # noqa: N802
        return SimpleNamespace(total=80_000, free=50_000, used=30_000)

    def nvmlDeviceGetClockInfo(self, handle: int, type: int) -> int:  # noqa: A002, N802
        return {self.NVML_CLOCK_SM: 1980, self.NVML_CLOCK_MEM: 2619}[type]

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        return 345_600

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: int) -> int:  # noqa: N802
        return 4
