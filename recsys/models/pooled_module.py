"""An encoder with its pooling as one PyTorch module, to be traced into a graph of another library."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from recsys.models.pooling import Pooling, pool


class PooledModule(nn.Module):
    """Ids and mask, both int [n, length], to unit vectors [n, hidden]."""

    def __init__(self, encoder: Any, pooling: Pooling) -> None:
        super().__init__()
        self._encoder = encoder
        self._pooling = pooling

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit vectors, float32 [n, hidden]."""
        hidden = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return pool(hidden, mask, self._pooling)


def example_batch() -> tuple[Tensor, Tensor]:
    """Ids and mask to trace with: two texts of unequal length.

    A batch of one would be frozen into the graph, and without padding the mask would be dropped.
    """
    ids = torch.tensor([[101, 2028, 102, 0], [101, 2178, 3793, 102]], dtype=torch.int32)
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]], dtype=torch.int32)
    return ids, mask
