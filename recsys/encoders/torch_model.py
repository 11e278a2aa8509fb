"""From an encoder's options to a PyTorch module, what is known of it, and the type that it computes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recsys.encoders.pretrained import LoadedModel, ModelOptions
from recsys.encoders.runtime import Runtime
from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.models.work import products_of

if TYPE_CHECKING:
    import torch


def load_torch_model(
    options: ModelOptions, precision: str, batch_tolerance: Mapping[str, float], runtime: Runtime
) -> tuple[Any, LoadedModel, torch.dtype]:
    """The module, still in fp32 on the CPU, its description, and the dtype of its precision.

    Sets the threads for all of PyTorch in this process. batch_tolerance: by precision. Raises ModelError.
    """
    import torch

    torch.set_num_threads(runtime.threads)
    files = locate(options.model, options.weights, options.seed)
    module = load_module(files)
    model = LoadedModel(
        files=files,
        dim=module.config.hidden_size,
        positions=module.config.max_position_embeddings,
        precision=precision,
        batch_tolerance=batch_tolerance[precision],
        products={precision: len(products_of(module))},
    )
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    return module, model, dtype
