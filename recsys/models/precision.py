"""The project's names of floating-point types, in PyTorch's, and a model brought to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def torch_dtype(precision: str) -> torch.dtype:
    """precision: "fp32", "bf16" or "fp16"; for "fp8" the type of all that is not a wide product."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16, "fp8": torch.bfloat16}[precision]


def move_weights(module: Any, device: str, dtype: torch.dtype) -> None:
    """Move a PyTorch model to a device, in place, and its weights to a type.

    What is no weight keeps its own: in bf16 the angles of rotary positions would be off by half a radian.
    """
    for weight in module.parameters():
        weight.data = weight.data.to(device=device, dtype=dtype)
    module.to(device=device)


def at_precision(module: Any, device: str, precision: str) -> dict[str, int]:
    """Move a PyTorch model to a device at a precision, in place; its products with weights, counted by precision.

    Raises BadOptions where fp8 gains nothing.
    """
    from recsys.models.work import products_of

    move_weights(module, device, torch_dtype(precision))
    if precision != "fp8":
        return {precision: len(products_of(module))}
    from recsys.models.fp8 import to_fp8

    in_fp8 = to_fp8(module)
    left = len(products_of(module))
    return {"bf16": left, "fp8": in_fp8} if left else {"fp8": in_fp8}
