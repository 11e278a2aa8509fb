"""A model of Hugging Face transformers through torch.compile: traced once, its small steps fused into own kernels."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import Tensor

from recsys.errors import MissingLibrary
from recsys.models.encoder import RunnableEncoder
from recsys.models.load import load_module
from recsys.models.locate import ModelFiles
from recsys.models.precision import at_precision

WARM_UP_LENGTH = 8


def load_compiled(files: ModelFiles, device: str, precision: str) -> RunnableEncoder:
    """An encoder at a precision on a device; lengths stay free, so no length compiles anew.

    One text and several are different programs, as PyTorch sets a dimension of one apart. Both are compiled here, which
    takes half a minute the first time; PyTorch keeps what it compiled. Raises ModelError, MissingLibrary without a
    compiler, and what `at_precision` raises.
    """
    require_compiler(device)
    module = load_module(files)
    products = at_precision(module, device, precision)

    def states(ids: Tensor, mask: Tensor | None) -> Tensor:
        hidden: Tensor = module(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden

    program = torch.compile(states, dynamic=True)

    def run(ids: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None and len(ids) > 1:  # several texts of one length: not worth a third program
            mask = torch.ones_like(ids, dtype=torch.bool)
        return program(ids, mask)

    with torch.inference_mode():
        for rows in (2, 1):
            run(torch.ones((rows, WARM_UP_LENGTH), dtype=torch.int32, device=device), None)
    return RunnableEncoder(run, products)


def require_compiler(device: str) -> None:
    """Raise MissingLibrary where torch.compile has nothing to compile with: C++ for the CPU, triton for a GPU."""
    if device.startswith("cuda"):
        if find_spec("triton") is None:
            raise MissingLibrary("compiled = true needs triton on a GPU. Next: pip install triton, or compiled = false")
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        raise MissingLibrary(
            "compiled = true needs a C++ compiler on a CPU, and there is none. Next: install g++ or clang, name one "
            "in $CXX, or compiled = false"
        ) from error
