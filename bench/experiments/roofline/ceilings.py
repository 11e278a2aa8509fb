"""The machine's own ceilings, by the libraries that the encoders use: matrix products and reading memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.clock import NS_PER_S, MonotonicClock

SIDE = 2048
"""Of square matrices: 16 MB in fp32, so that products are bound by arithmetic and not by memory."""
READ_BYTES = 512_000_000
"""Far beyond the caches of a core."""
LEAST_S = 0.5
REPEATS = 5
PRECISIONS = ("fp32", "bf16", "int8")


@dataclass(frozen=True, slots=True)
class ProductCeiling:
    """Operations a second of PyTorch's matrix product in one precision. threads: of the CPU."""

    precision: str
    threads: int
    device: str = "cpu"

    def run(self, clock: MonotonicClock) -> float:
        """Floating-point (int8: integer) operations a second, the best of some repeats; 0 where PyTorch has none."""
        import torch

        torch.set_num_threads(self.threads)
        multiply, left, right = _operands(self.precision, self.device)
        try:
            return 2 * SIDE**3 * _best_per_s(lambda: multiply(left, right), _wait_for(self.device), clock)
        except (RuntimeError, NotImplementedError):  # this build has no such product
            return 0.0


@dataclass(frozen=True, slots=True)
class ReadingCeiling:
    """Bytes a second that a sum over a large float32 array reads."""

    threads: int
    device: str = "cpu"

    def run(self, clock: MonotonicClock) -> float:
        """Bytes a second, the best of some repeats."""
        import torch

        torch.set_num_threads(self.threads)
        array = torch.ones(READ_BYTES // 4, device=self.device)
        return READ_BYTES * _best_per_s(array.sum, _wait_for(self.device), clock)


def _operands(precision: str, device: str) -> tuple[Callable[[Any, Any], Any], Any, Any]:
    import torch

    if precision == "int8":
        left, right = (torch.randint(-100, 100, (SIDE, SIDE), dtype=torch.int8, device=device) for _ in range(2))
        return torch._int_mm, left, right
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    left, right = (torch.randn(SIDE, SIDE, device=device).to(dtype) for _ in range(2))
    return torch.mm, left, right


def _wait_for(device: str) -> Callable[[], None]:
    """What returns when the device is done."""
    import torch

    return torch.cuda.synchronize if device.startswith("cuda") else lambda: None


def _best_per_s(work: Callable[[], Any], wait: Callable[[], None], clock: MonotonicClock) -> float:
    """Times a second that the work is done, in the best of some repeats of at least LEAST_S in all."""
    work()
    wait()
    start_ns = clock.now_ns()
    work()
    wait()
    times = max(1, round(LEAST_S * NS_PER_S / REPEATS / (clock.now_ns() - start_ns)))
    rates = []
    for _ in range(REPEATS):
        start_ns = clock.now_ns()
        for _ in range(times):
            work()
        wait()
        rates.append(times * NS_PER_S / (clock.now_ns() - start_ns))
    return max(rates)
