"""Which vector instructions this CPU has: quantised graphs and packed weights depend on them."""

from __future__ import annotations

import platform
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
MATTERING = (
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "i8mm",
    "sve",
)
INT8_DOT_PRODUCT = frozenset({"avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm"})
"""With any of these, products of 8-bit numbers are summed in 32 bits; without, pairs can overflow 16 bits."""


def cpu_features() -> tuple[str, ...]:
    """The architecture, then the features that matter here; on systems without /proc/cpuinfo the architecture alone."""
    flags: set[str] = set()
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith(("flags", "features")):
                flags.update(line.partition(":")[2].split())
                break
    return (platform.machine(), *(name for name in MATTERING if name in flags))


def has_bf16_products() -> bool:
    """Whether this CPU multiplies bf16 by instructions of its own: without, PyTorch does it number by number."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return True  # other libraries do it then, and none says
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def has_int8_dot_product() -> bool:
    """Whether 8-bit weights can be used whole. Unknown CPUs count as not, except 64-bit ARM, where it is usual."""
    machine, *features = cpu_features()
    return not INT8_DOT_PRODUCT.isdisjoint(features) or machine.lower() in {"arm64", "aarch64"}
