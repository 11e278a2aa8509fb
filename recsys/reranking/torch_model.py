"""From a re-ranker's options to a PyTorch module and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys.models.load import load_module
from recsys.models.locate import ModelFiles, locate
from recsys.models.precision import torch_dtype
from recsys.reranking.options import RerankOptions
from recsys.reranking.protocol import Material, RerankerInfo

if TYPE_CHECKING:
    import torch

SCORE_TOLERANCE = {"fp32": 1e-4, "bf16": 0.2, "fp16": 0.05}
"""By precision, of scores that are logits: sums in another order, over up to some thirty layers."""


def load_torch_model(
    options: RerankOptions, material: Material, head: str, **settings: Any
) -> tuple[Any, ModelFiles, torch.dtype]:
    """The module, still in fp32 on the CPU, where it came from, and the dtype of its precision.

    Sets the threads for all of PyTorch in this process. settings: of random weights. Raises ModelError.
    """
    import torch

    torch.set_num_threads(material.threads)
    files = locate(options.model, options.weights, options.seed)
    return load_module(files, head=head, **settings), files, torch_dtype(options.precision)


def info_of(kind: str, options: RerankOptions, material: Material, files: ModelFiles) -> RerankerInfo:
    """What a re-ranker with this model is."""
    return RerankerInfo(
        kind=kind,
        candidates=max(options.candidates, material.k),
        model=options.model,
        device=material.device,
        threads=material.threads,
        precision=options.precision,
        revision=files.revision,
        weights_bytes=files.weights_bytes,
        weights_sha256=files.weights_sha256,
        real_weights=files.real,
        score_tolerance=SCORE_TOLERANCE[options.precision],
    )
