"""The project's names of floating-point types, in PyTorch's, and a model brought to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def torch_dtype(precision: str) -> torch.dtype:
    """precision: "fp32", "bf16" or "fp16"; for "fp8" the type of all that is not a wide product."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16, "fp8": torch.bfloat16}[precision]


def at_precision(module: Any, device: str, precision: str) -> dict[str, int]:
    """Move a PyTorch model to a device at a precision, in place; its products with weights, counted by precision.

    Raises MissingDevice and MissingLibrary for fp8 where it cannot be computed, BadOptions where it gains nothing.
    """
    from recsys.models.work import products_of

    if precision != "fp8":
        module.to(device=device, dtype=torch_dtype(precision))
        return {precision: len(products_of(module))}
    from recsys.models.fp8 import require_fp8, to_fp8

    require_fp8(device)
    module.to(device=device, dtype=torch_dtype(precision))
    in_fp8 = to_fp8(module)
    left = len(products_of(module))
    return {"bf16": left, "fp8": in_fp8} if left else {"fp8": in_fp8}
