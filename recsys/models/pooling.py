"""Hidden states of tokens to one unit vector a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pooling = Literal["mean", "cls", "max", "last"]
HiddenStates: TypeAlias = Callable[[Tensor, Tensor | None], Tensor]
"""ids int [n, length] and mask bool [n, length] or None, to last hidden states [n, length, hidden]."""
Embed: TypeAlias = Callable[[npt.NDArray[np.int32], npt.NDArray[np.bool_] | None], npt.NDArray[np.float32]]
"""The same from arrays to unit vectors float32 [n, hidden]."""


def embedder(hidden_states: HiddenStates, device: str, pooling: Pooling) -> Embed:
    """A model with arrays at both ends. What it returns is on the CPU, so the device is done."""

    @torch.inference_mode()
    def embed(ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        on_device = torch.from_numpy(ids).to(device)
        visible = None if mask is None else torch.from_numpy(mask).to(device)
        vectors: npt.NDArray[np.float32] = pool(hidden_states(on_device, visible), visible, pooling).cpu().numpy()
        return vectors

    return embed


def pool(hidden: Tensor, mask: Tensor | None, pooling: Pooling) -> Tensor:
    """fp32 [n, hidden] of norm 1.

    hidden: [n, length, hidden]. mask: bool or int [n, length], true for real tokens, None = all.
    "mean" is over real tokens (Reimers & Gurevych 2019), "cls" the first token, "max" over real tokens by dimension,
    "last" the last real token, on whichever side the padding is.
    """
    if pooling == "cls":
        pooled = hidden[:, 0].float()
    elif pooling == "last":
        pooled = _last(hidden, mask).float()
    elif mask is None:
        pooled = hidden.float().mean(1) if pooling == "mean" else hidden.amax(1).float()
    elif pooling == "mean":
        weights = mask.unsqueeze(-1).to(torch.float32)
        pooled = (hidden.float() * weights).sum(1) / weights.sum(1)
    else:
        pooled = hidden.float().masked_fill(mask.unsqueeze(-1) == 0, -torch.inf).amax(1)
    norms: Tensor = torch.linalg.vector_norm(pooled, dim=1, keepdim=True)
    return pooled / norms


def _last(hidden: Tensor, mask: Tensor | None) -> Tensor:
    """The hidden states of each text's last real token, [n, hidden]."""
    if mask is None:
        return hidden[:, -1]
    place = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    return hidden[torch.arange(len(hidden), device=hidden.device), (mask * place).argmax(1)]
