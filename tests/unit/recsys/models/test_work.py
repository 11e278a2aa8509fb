"""Operations of a forward pass: by hand, and as PyTorch counts them."""

from importlib.metadata import version

import numpy as np
import pytest

from recsys.models.load import load_module
from recsys.models.locate import locate
from recsys.models.work import forward_work


def test_minilm_by_hand():
    """Six layers of 384: four square products, and two of 384 × 1536; 0.30 GFLOP for 14 tokens."""
    work = forward_work(locate("minilm"))
    assert work.product_weights == 6 * (4 * 384**2 + 2 * 384 * 1536)
    assert work.attention_width == 6 * 384
    assert not work.causal
    assert work.flops(np.array([14])) == 2 * work.product_weights * 14 + 4 * 6 * 384 * 14**2
    assert work.flops(np.array([14, 14])) == 2 * work.flops(np.array([14]))


@pytest.mark.parametrize(
    ("model", "n_tokens"), [("bert-tiny-uncased", 5), ("bert-tiny-uncased", 60), ("qwen3-tiny", 9)]
)
def test_as_pytorch_counts(model, n_tokens):
    """It counts the whole square of a causal attention, of which the mask leaves the triangle, and BERT's pooler.

    Before transformers 5 the angles of rotary positions are a product too, which it counts.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    files = locate(model, "random")
    module, work = load_module(files, attention="eager"), forward_work(files)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(input_ids=torch.ones(1, n_tokens, dtype=torch.int64))
    pooler = 2 * module.config.hidden_size**2 if getattr(module, "pooler", None) is not None else 0
    masked = 4 * work.attention_width * n_tokens * (n_tokens - 1) / 2 if work.causal else 0
    multiplied = work.causal and int(version("transformers").partition(".")[0]) < 5
    angles = 2 * n_tokens * module.rotary_emb.inv_freq.numel() if multiplied else 0
    assert counter.get_total_flops() == work.flops(np.array([n_tokens])) + masked + pooler + angles
