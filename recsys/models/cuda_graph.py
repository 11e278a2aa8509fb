"""A model's forward pass for one shape as a CUDA graph: one launch in place of some hundred."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from recsys.models.pooling import HiddenStates, Pooling, pool

WARM_UPS = 3
"""Runs before the capture, in which libraries choose their kernels and allocate; PyTorch's notes advise three."""


class CudaGraphRun:
    """A FixedShape of recsys.models.graph_buckets; ids and vectors travel through pinned memory."""

    @torch.inference_mode()
    def __init__(self, states: HiddenStates, pooling: Pooling, device: str, rows: int, length: int) -> None:
        """Capture it. rows, length: of the batch, whatever comes."""
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._host_ids = torch.zeros((rows, length), dtype=torch.int32, pin_memory=True)
        self._host_mask = torch.ones((rows, length), dtype=torch.bool, pin_memory=True)
        self._ids, self._mask = self._host_ids.to(device), self._host_mask.to(device)
        self._stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UPS):
                pool(states(self._ids, self._mask), self._mask, pooling)
        self._stream.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=self._stream):
            self._vectors = pool(states(self._ids, self._mask), self._mask, pooling)
        self._host_vectors = torch.empty(self._vectors.shape, dtype=torch.float32, pin_memory=True)

    @torch.inference_mode()
    def __call__(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Unit vectors [rows, dim] in a buffer that the next call overwrites; the device is done."""
        self._host_ids.numpy()[:] = ids
        self._host_mask.numpy()[:] = mask
        with torch.cuda.stream(self._stream):
            self._ids.copy_(self._host_ids, non_blocking=True)
            self._mask.copy_(self._host_mask, non_blocking=True)
            self._graph.replay()
            self._host_vectors.copy_(self._vectors, non_blocking=True)
        self._stream.synchronize()
        vectors: npt.NDArray[np.float32] = self._host_vectors.numpy()
        return vectors
