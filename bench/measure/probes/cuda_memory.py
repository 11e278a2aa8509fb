"""What PyTorch held on the arm's GPU, by its own account."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from bench.measure.probes import PROBES, Reading, Subject


@PROBES.register("cuda_memory")
class CudaMemoryProbe:
    """The peaks of PyTorch's allocator within the block.

    PyTorch is looked up among the loaded modules and never imported; its CUDA is never started.
    """

    ORDER: ClassVar[int] = 30
    READINGS: ClassVar[dict[str, Reading]] = {
        "gpu_allocated_peak_bytes": Reading("most that PyTorch's tensors took of the GPU in the block", "B"),
        "gpu_reserved_peak_bytes": Reading("most that PyTorch's allocator held of the GPU in the block", "B"),
    }

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def available(self) -> str:
        """Where the arm computes on a GPU with PyTorch."""
        if not self._subject.on_gpu:
            return f'the arm computes on "{self._subject.device}", not on an NVIDIA GPU'
        return "" if _cuda() else "the arm does not use PyTorch's CUDA"

    def start(self) -> None:
        """Begin the peaks anew."""
        if cuda := _cuda():
            cuda.reset_peak_memory_stats(self._subject.device)

    def stop(self) -> dict[str, float]:
        """The peaks since the start."""
        cuda, device = _cuda(), self._subject.device
        if not cuda:
            return {}
        return {
            "gpu_allocated_peak_bytes": cuda.max_memory_allocated(device),
            "gpu_reserved_peak_bytes": cuda.max_memory_reserved(device),
        }


def _cuda() -> Any:
    """torch.cuda where it is loaded and started in this process, else None."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
