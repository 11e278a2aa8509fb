"""Pooling over padded batches: every kind reads real tokens alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.models.pooling import Pooling, pool

ROWS = [torch.tensor([[3.0, 4.0], [0.0, 2.0], [-6.0, 8.0]]), torch.tensor([[5.0, 12.0]])]
EXPECTED = {
    "mean": [[-3 / 3, 14 / 3], [5, 12]],
    "cls": [[3, 4], [5, 12]],
    "max": [[3, 8], [5, 12]],
    "last": [[-6, 8], [5, 12]],
}


def unit(rows: list[list[float]]) -> np.ndarray:
    return np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)


def padded(left: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Both texts in one batch, planted with hidden states at the padding that any reading of it would show."""
    hidden, mask = torch.full((2, 4, 2), 1e4), torch.zeros(2, 4, dtype=torch.bool)
    for row, tokens in enumerate(ROWS):
        place = slice(4 - len(tokens), 4) if left else slice(0, len(tokens))
        hidden[row, place], mask[row, place] = tokens, True
    return hidden, mask


@pytest.mark.parametrize(("pooling", "expected"), EXPECTED.items())
def test_padding_on_the_right_is_not_read(pooling: Pooling, expected: list[list[float]]) -> None:
    hidden, mask = padded(left=False)
    assert pool(hidden, mask, pooling).numpy() == pytest.approx(unit(expected), abs=1e-6)
    assert pool(hidden, mask.int(), pooling).numpy() == pytest.approx(unit(expected), abs=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_nor_on_the_left(pooling: Pooling) -> None:
    """Not "cls": encoders are padded on the right, and the first place is the first token."""
    assert pool(*padded(left=True), pooling).numpy() == pytest.approx(unit(EXPECTED[pooling]), abs=1e-6)


@pytest.mark.parametrize(("pooling", "expected"), EXPECTED.items())
def test_without_padding_no_mask_is_needed(pooling: Pooling, expected: list[list[float]]) -> None:
    for tokens, vector in zip(ROWS, unit(expected), strict=True):
        assert pool(tokens[None], None, pooling).numpy()[0] == pytest.approx(vector, abs=1e-6)


@pytest.mark.parametrize("pooling", EXPECTED)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precisions_are_pooled_in_fp32(pooling: Pooling, dtype: torch.dtype) -> None:
    hidden = torch.randn(2, 300, 8, generator=torch.Generator().manual_seed(2)).to(dtype)
    mask = torch.ones(2, 300, dtype=torch.bool)
    pooled = pool(hidden, mask, pooling)
    assert pooled.dtype == torch.float32
    assert pooled.numpy() == pytest.approx(pool(hidden.float(), mask, pooling).numpy(), abs=1e-6)
