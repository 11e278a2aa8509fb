"""What all re-rankers let a scenario choose."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recsys.options import OptionsModel


class RerankOptions(OptionsModel):
    """candidates: of the ranker, at least as many as the list has items.

    model: a folder, a hub id, or a shipped configuration with weights = "random" (then seed counts). precision: of
    weights and activations; scores are always fp32. batch_tokens: padded tokens that are computed together.
    """

    candidates: int = Field(50, ge=1)
    model: str = Field("minilm", min_length=1)
    weights: Literal["real", "random"] = "real"
    seed: int = Field(0, ge=0)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    batch_tokens: int = Field(2048, ge=1)
