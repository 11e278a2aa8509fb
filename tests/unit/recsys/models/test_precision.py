"""A model at a precision: its weights alone change."""

import pytest
import torch

from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.models.precision import at_precision


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_rotary_positions_keep_their_angles(precision):
    exact, half = (load_module(locate("qwen3-tiny", "random")) for _ in range(2))
    products = at_precision(half, "cpu", precision)
    assert products == {precision: 14}
    assert {weight.dtype for weight in half.parameters()} == {
        {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    }
    torch.testing.assert_close(half.rotary_emb.inv_freq, exact.rotary_emb.inv_freq, atol=0, rtol=0)
