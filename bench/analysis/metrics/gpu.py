"""Seconds and memory of the GPU."""

from __future__ import annotations

from typing import ClassVar

from bench.analysis.metrics import METRICS, Cell, Column
from bench.analysis.readings import gpu_busy_s, largest, per_1k, told

MB_PER_BYTE = 1e-6


@METRICS.register("gpu")
class Gpu:
    """Of arms that compute on an NVIDIA GPU; empty for all others, which need none."""

    ORDER: ClassVar[int] = 73
    COLUMNS: ClassVar[dict[str, Column]] = {
        "gpu_s_per_1k": Column(
            "seconds in which a kernel ran on the GPU, from the driver's own samples, for 1,000 requests", "s", "lower"
        ),
        "gpu_peak_mb": Column(
            "most that PyTorch's tensors took of the GPU in a block; CUDA's own memory comes on top", "MB", "lower"
        ),
    }

    @staticmethod
    def measure(cell: Cell) -> dict[str, object]:
        """The sampled share times the length of the blocks, and the largest of their peaks."""
        peak = told({"gpu_peak_mb": largest(cell.blocks, "gpu_allocated_peak_bytes")}, MB_PER_BYTE)
        return peak | per_1k(cell.blocks, {"gpu_s_per_1k": gpu_busy_s(cell.blocks)})
