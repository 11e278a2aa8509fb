"""A bidirectional LSTM over a token table that stays as it is: a network of before transformers, small and fast.

The mean of its states is the text's vector, as in the sentence encoders of Conneau et al. 2017.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recsys.models.pooling import pool


class BiLstm(nn.Module):
    """Token ids to unit vectors of 2 × hidden_units. table: float32 [vocabulary, dim], shared, never changed."""

    def __init__(self, table: npt.NDArray[np.float32], hidden_units: int) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", torch.from_numpy(table), persistent=False)
        self.scale = 1 / float(table.std())  # the gates want numbers near 1
        self.lstm = nn.LSTM(table.shape[1], hidden_units, batch_first=True, bidirectional=True)

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Unit vectors fp32 [n, 2 · hidden_units]. ids int [n, length]; mask bool [n, length], None = no padding.

        Padding is left out of the recurrence, not run through it: the backward half would begin with it.
        """
        tokens = functional.embedding(ids, self.table) * self.scale
        if mask is None:
            return pool(self.lstm(tokens)[0], None, "mean")
        packed = pack_padded_sequence(tokens, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=ids.shape[1])
        return pool(states, mask, "mean")

    def save(self, path: Path) -> None:
        """Write the LSTM's weights; the table has a file of its own."""
        save_file(self.lstm.state_dict(), path)

    def load(self, path: Path) -> None:
        """Read what `save` wrote, of a network of this size."""
        self.lstm.load_state_dict(load_file(path))
