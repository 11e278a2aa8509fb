"""Hidden states of texts that lie end to end to one unit vector a text."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt


def pool_ragged(
    states: npt.NDArray[np.float32], offsets: npt.NDArray[np.int64], pooling: Literal["mean", "cls", "max"]
) -> npt.NDArray[np.float32]:
    """float32 [n, hidden] of norm 1, or 0 for a text without tokens; what the poolings are, recsys.models.pooling says.

    states: [tokens, hidden]. offsets: int64 [n + 1], where each text begins, and where the last ends.
    """
    has_tokens = offsets[:-1] < offsets[1:]
    starts = offsets[:-1][has_tokens]
    vectors = np.zeros((len(has_tokens), states.shape[1]), np.float32)
    if pooling == "cls":
        pooled = states[starts]
    else:  # a sum serves as a mean: only its direction is left
        pooled = (np.add if pooling == "mean" else np.maximum).reduceat(states, starts, axis=0)
    vectors[has_tokens] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return vectors
