"""The machine's own ceilings, by the libraries that the encoders use: matrix products and reading memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.clock import NS_PER_S, MonotonicClock
from recsys.models.precision import torch_dtype

SIDES = (256, 512, 1024, 2048, 4096, 8192)
"""Of square matrices, the longer the less a product is bound by memory and by being begun."""
LONG_SHARE = 0.1
"""Of least_s: a product that takes longer is not tried with twice the side, eight times the work. Where a processor
lacks a precision, PyTorch computes it number by number, and a large product takes minutes."""
READ_BYTES = 512_000_000
"""Far beyond the caches of a core."""
LEAST_S = 0.5
"""Of each product and of reading, all repeats together."""
REPEATS = 5
PRECISIONS = ("fp32", "bf16", "fp16", "int8", "fp8")
Work = Callable[[], Any]
Product = Callable[[str, str, int], Work]
"""From precision, device and side to one product of two matrices."""


@dataclass(frozen=True, slots=True)
class ProductCeiling:
    """Operations a second of PyTorch's matrix product in one precision. threads: of the CPU."""

    precision: str
    threads: int
    device: str = "cpu"
    least_s: float = LEAST_S

    def run(self, clock: MonotonicClock) -> float:
        """Floating-point (int8: integer) operations a second, the best product and size; 0 where PyTorch has none."""
        import torch

        torch.set_num_threads(self.threads)
        kinds = {"int8": (_plain_product, _packed_int8_product), "fp8": (_fp8_product,)}
        products = kinds.get(self.precision, (_plain_product,))
        return max(self._best_size_per_s(product, clock) for product in products)

    def _best_size_per_s(self, product: Product, clock: MonotonicClock) -> float:
        best_per_s = 0.0
        for side in SIDES:
            try:
                work = product(self.precision, self.device, side)
                per_s = _best_per_s(work, _wait_for(self.device), clock, self.least_s)
            except (RuntimeError, NotImplementedError):  # this build has no such product
                break
            best_per_s = max(best_per_s, 2 * side**3 * per_s)
            if per_s * LONG_SHARE * self.least_s < 1:
                break
        return best_per_s


@dataclass(frozen=True, slots=True)
class ReadingCeiling:
    """Bytes a second that a sum over a large float32 array reads."""

    threads: int
    device: str = "cpu"
    least_s: float = LEAST_S

    def run(self, clock: MonotonicClock) -> float:
        """Bytes a second, the best of some repeats."""
        import torch

        torch.set_num_threads(self.threads)
        array = torch.ones(READ_BYTES // 4, device=self.device)
        return READ_BYTES * _best_per_s(array.sum, _wait_for(self.device), clock, self.least_s)


def _plain_product(precision: str, device: str, side: int) -> Work:
    import torch

    if precision == "int8":
        left, right = (torch.randint(-100, 100, (side, side), dtype=torch.int8, device=device) for _ in range(2))
        return partial(torch._int_mm, left, right)
    dtype = torch_dtype(precision)
    return partial(torch.mm, *(torch.randn(side, side, device=device).to(dtype) for _ in range(2)))


def _packed_int8_product(precision: str, device: str, side: int) -> Work:
    """As quantised layers do it, on processors without instructions for int8 too. Raises RuntimeError on a GPU."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that PyTorch will make such tensors another way
        left, right = (
            torch.quantize_per_tensor(torch.randn(side, side, device=device), 0.02, zero, dtype)
            for zero, dtype in ((64, torch.quint8), (0, torch.qint8))
        )
        packed = torch.ops.quantized.linear_prepack(right, None)
    return partial(torch.ops.quantized.linear, left, packed, 1.0, 0)


def _fp8_product(precision: str, device: str, side: int) -> Work:
    """As recsys.models.fp8 does it, a scale a row. Raises RuntimeError where PyTorch has none."""
    import torch

    left, right = (torch.randn(side, side, device=device).to(torch.float8_e4m3fn) for _ in range(2))
    scale = torch.ones(side, 1, device=device)
    return partial(torch._scaled_mm, left, right.t(), scale, scale.t(), out_dtype=torch.bfloat16)


def _wait_for(device: str) -> Callable[[], None]:
    """What returns when the device is done."""
    import torch

    return torch.cuda.synchronize if device.startswith("cuda") else lambda: None


def _best_per_s(work: Work, wait: Callable[[], None], clock: MonotonicClock, least_s: float) -> float:
    """Times a second that the work is done, in the best of some repeats of at least so many seconds in all."""
    work()
    wait()
    start_ns = clock.now_ns()
    work()
    wait()
    times = max(1, round(least_s * NS_PER_S / REPEATS / (clock.now_ns() - start_ns)))
    rates = []
    for _ in range(REPEATS):
        start_ns = clock.now_ns()
        for _ in range(times):
            work()
        wait()
        rates.append(times * NS_PER_S / (clock.now_ns() - start_ns))
    return max(rates)
