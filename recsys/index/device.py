"""Exact search by PyTorch on a GPU: products and the best are found there, and only those come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from recsys.errors import MissingDevice
from recsys.index import INDEXES
from recsys.index.dense_rows import DenseRows, Float32
from recsys.index.protocol import Candidates, best, ordered
from recsys.models.precision import torch_dtype
from recsys.options import OptionsModel
from recsys.types import Positions, Vectors

REQUIRES = ("torch",)


class DeviceIndexOptions(OptionsModel):
    """device: "cuda", "cuda:N" or "cpu"; None = the first GPU that PyTorch sees, or the CPU.

    precision: in which the device holds the vectors. In half precision, twice what is asked for is scored again in
    float32, on the CPU.
    """

    device: str | None = None
    precision: Literal["fp32", "fp16", "bf16"] = "fp32"


@INDEXES.register("device")
class DeviceIndex(DenseRows):
    """One matrix product a batch of queries, and torch.topk. Memory: the vectors on the device, and in float32 beside.

    Among equal scores torch.topk keeps any, so the last place may be another tie than in index "exact".
    """

    Options = DeviceIndexOptions
    kind = "device"

    def __init__(self, options: DeviceIndexOptions) -> None:
        """Raise MissingDevice for a device that PyTorch does not see."""
        import torch

        found = "cuda" if torch.cuda.is_available() else "cpu"
        self.options = options
        self._device = torch.device(options.device or found)
        if self._device.type == "cuda" and (self._device.index or 0) >= torch.cuda.device_count():
            raise MissingDevice(
                f'index "device" asks for "{self._device}", but PyTorch sees {torch.cuda.device_count()} CUDA devices '
                'here. Next: device = "cpu", or index "exact"'
            )
        self._dtype = torch_dtype(options.precision)

    def build(self, vectors: Vectors) -> None:
        """Copy dense vectors to the device. Raises BadOptions for sparse ones."""
        import torch

        self._own = torch.from_numpy(self.hold(vectors)).to(self._device, self._dtype, copy=True)

    def scores(self, queries: Vectors) -> Float32:
        """Exact scores of all items, float32 [queries, n_items]; −inf for those that are hidden."""
        return self._visible.mask(np.asarray(queries, np.float32) @ self._vectors.array.T)

    def search(self, queries: Vectors, n: int, exclude: Sequence[Positions]) -> list[Candidates]:
        """The n best items a query, without those excluded for it and those that are hidden."""
        import torch

        rows = np.ascontiguousarray(queries, np.float32)
        left_out = [self._visible.left_out(excluded) for excluded in exclude]
        with torch.inference_mode():
            scores = (torch.from_numpy(rows).to(self._device, self._dtype) @ self._own.T).float()
            for row, positions in enumerate(left_out):
                scores[row, torch.from_numpy(positions.astype(np.int64)).to(self._device)] = -torch.inf
            wanted = n if self.options.precision == "fp32" else 2 * n
            top = torch.topk(scores, min(wanted, scores.shape[1]), dim=1)
            values, places = top.values.cpu().numpy(), top.indices.cpu().numpy().astype(np.int32)
        return [
            self._ranked(rows[row], places[row][values[row] > -np.inf], n, left_out[row]) for row in range(len(rows))
        ]

    def _ranked(self, query: Float32, pool: Positions, n: int, left_out: Positions) -> Candidates:
        """The best of the pool by their float32 vectors."""
        if not query.any():  # everything scores 0, of which the device keeps any
            return best(np.zeros(len(self._vectors.array), np.float32), n, left_out)
        return ordered(pool, self._vectors.array[pool] @ query, n)

    def _write(self, positions: Positions) -> None:
        """Copy these rows to the device."""
        import torch

        rows = torch.from_numpy(self._vectors.array[positions]).to(self._device, self._dtype)
        self._own[torch.from_numpy(positions.astype(np.int64)).to(self._device)] = rows
