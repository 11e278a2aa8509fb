"""One GPU as NVML sees it: which one an arm uses, and asking what a driver may refuse."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


class NvmlDevice:
    """Asks NVML about the GPU that CUDA calls `device`.

    nvml: the module pynvml of the package nvidia-ml-py. absent: why the GPU cannot be asked, "" when it can.
    NVML counts GPUs along the PCI bus; where they are unlike, CUDA does so only with CUDA_DEVICE_ORDER=PCI_BUS_ID.
    """

    def __init__(self, nvml: Any, device: str) -> None:
        self.nvml = nvml
        self.absent = ""
        place = _place(device, os.environ.get("CUDA_VISIBLE_DEVICES", ""))
        try:
            nvml.nvmlInit()
            by_index = place.isdigit()
            find = nvml.nvmlDeviceGetHandleByIndex if by_index else nvml.nvmlDeviceGetHandleByUUID
            self._handle = find(int(place) if by_index else place)
        except nvml.NVMLError as error:
            self.absent = f"NVML cannot ask GPU {place}: {error}. Next: see that nvidia-smi shows it"

    def ask(self, function: str, *arguments: object) -> Any:
        """What a function of NVML says of this GPU; None where the driver or the GPU does not tell."""
        try:
            return getattr(self.nvml, function)(self._handle, *arguments)
        except self.nvml.NVMLError:
            return None

    def utilisation_since(self, seen_us: int) -> Sequence[tuple[int, int]]:
        """Samples (time in µs of the driver's own clock, % of the time in which a kernel ran) newer than `seen_us`.

        The driver takes one every 1/6 to 1 s and keeps the newest hundred or so; 0 asks for all that it has.
        """
        told = self.ask("nvmlDeviceGetSamples", self.nvml.NVML_GPU_UTILIZATION_SAMPLES, seen_us)
        _, samples = told or (None, ())
        return [(sample.timeStamp, sample.sampleValue.uiVal) for sample in samples]

    def process_bytes(self, pid: int) -> int | None:
        """GPU memory of a process, CUDA's context included; None where NVML does not know it (in most containers)."""
        processes = self.ask("nvmlDeviceGetComputeRunningProcesses") or ()
        return next((process.usedGpuMemory for process in processes if process.pid == pid), None)


def _place(device: str, visible: str) -> str:
    """The index or UUID of "cuda:1" for NVML: CUDA counts only what CUDA_VISIBLE_DEVICES lets it see, in that order."""
    place = device.partition(":")[2] or "0"
    names = [name.strip() for name in visible.split(",")] if visible else []
    return names[int(place)] if int(place) < len(names) else place
