"""Matrix products in 8-bit floats (e4m3: 4 bits of exponent, 3 of mantissa), with a scale for each row of both sides.

Weights take their scales once, tokens as they come, so no text's vector depends on its batch-mates. Scaling a token
costs a pass over it that only wide products win back (Micikevicius et al. 2022, arXiv 2209.05433, has the format).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from recsys.errors import BadOptions, MissingDevice
from recsys.models.work import products_of

LEAST_WIDTH = 1024
"""Of a product's both sides: scaling a token costs as its width grows, a product saves as the width's square does."""
MULTIPLE = 16
"""Of both widths: the tensor cores' kernels take no others."""
CAPABILITY = (9, 0)
"""Of a GPU whose tensor cores take a scale a row: Hopper's."""
_LARGEST = torch.finfo(torch.float8_e4m3fn).max
_LEAST_SCALE = 1e-12
"""A row of zeros has no scale of its own."""


class Fp8Linear(nn.Module):
    """A linear layer whose product is in fp8; what goes in and what comes out is bf16."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = _scaled(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale.t().contiguous())
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(torch.bfloat16))

    def forward(self, x: Tensor) -> Tensor:
        """bf16 [..., out] of bf16 [..., in]."""
        rows, scale = _scaled(x.reshape(-1, x.shape[-1]))
        product: Tensor = torch._scaled_mm(
            rows, self.weight.t(), scale_a=scale, scale_b=self.scale, bias=self.bias, out_dtype=torch.bfloat16
        )
        return product.view(*x.shape[:-1], -1)


def to_fp8(module: Any) -> int:
    """Put the wide products of a model in bf16 into fp8, in place; how many they are. Raises BadOptions for none."""
    wide = [part for part in products_of(module) if _is_wide(part)]
    if not wide:
        raise BadOptions(
            f'precision = "fp8" is for products of {LEAST_WIDTH} numbers and more, and this model has none. '
            f'Next: precision = "bf16"'
        )
    for name, part in list(module.named_modules()):
        if part in wide:
            module.set_submodule(name, Fp8Linear(part))
    return len(wide)


def require_fp8(device: str) -> None:
    """Raise MissingDevice unless the device multiplies fp8."""
    if not device.startswith("cuda") or torch.cuda.get_device_capability(device) < CAPABILITY:
        wanted = ".".join(map(str, CAPABILITY))
        raise MissingDevice(
            f'precision = "fp8" needs a GPU of compute capability {wanted} or more, and device is "{device}". '
            f'Next: precision = "bf16"'
        )


def _is_wide(linear: nn.Linear) -> bool:
    widths = linear.in_features, linear.out_features
    return min(widths) >= LEAST_WIDTH and not any(width % MULTIPLE for width in widths)


def _scaled(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [n, dim] as e4m3, each divided by its scale, float32 [n, 1], so that its largest number is the format's."""
    scale = (rows.abs().amax(dim=1, keepdim=True).float() / _LARGEST).clamp_min(_LEAST_SCALE)
    return (rows.float() / scale).to(torch.float8_e4m3fn), scale
