"""Products in fp8: near those in fp32, each token by itself, and only where they are wide."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from recsys.encoders import build_encoder
from recsys.errors import BadOptions, MissingDevice
from recsys.models.fp8 import CAPABILITY, LEAST_WIDTH, Fp8Linear, to_fp8

HAS_FP8_GPU = torch.cuda.is_available() and torch.cuda.get_device_capability() >= CAPABILITY
WIDTHS = (LEAST_WIDTH, 2 * LEAST_WIDTH)
by_rows = pytest.mark.skipif(
    not hasattr(nn.functional, "scaled_mm"), reason="on a CPU, PyTorch before 2.10 takes one scale a matrix"
)


def cosines(one, other):
    return nn.functional.cosine_similarity(one.float(), other.float(), dim=-1)


@pytest.fixture(scope="module")
def linear():
    torch.manual_seed(1)
    return nn.Linear(*WIDTHS)


@pytest.fixture(scope="module")
def tokens():
    """Of very unequal sizes, and one of zeros."""
    drawn = torch.randn(2, 8, WIDTHS[0], generator=torch.Generator().manual_seed(2))
    drawn[0, 1] *= 1e4
    drawn[0, 2] *= 1e-4
    drawn[1, 3] = 0
    return drawn.to(torch.bfloat16)


@by_rows
@torch.inference_mode()
def test_a_product_is_near_the_exact_one_whatever_a_tokens_size(linear, tokens):
    computed, exact = Fp8Linear(linear)(tokens), linear(tokens.float())
    assert computed.shape == exact.shape
    assert computed.dtype == torch.bfloat16
    assert cosines(computed, exact).min() > 0.999
    torch.testing.assert_close(computed[1, 3].float(), linear.bias, atol=1e-3, rtol=1e-2)


@by_rows
@torch.inference_mode()
def test_a_token_alone_is_what_it_is_among_others(linear, tokens):
    layer = Fp8Linear(linear)
    torch.testing.assert_close(layer(tokens[0, 1]), layer(tokens)[0, 1], atol=0, rtol=1e-2)


def test_only_wide_products_change_and_they_are_counted():
    model = nn.ModuleDict(
        {"wide": nn.Linear(*WIDTHS, bias=False), "narrow": nn.Linear(WIDTHS[0], 64), "odd": nn.Linear(1030, 1030)}
    )
    assert to_fp8(model) == 1
    assert [type(model[name]) for name in ("wide", "narrow", "odd")] == [Fp8Linear, nn.Linear, nn.Linear]


def test_a_narrow_model_is_refused():
    with pytest.raises(BadOptions, match="1024 numbers and more"):
        to_fp8(nn.ModuleList([nn.Linear(384, 1536)]))


@pytest.mark.parametrize("kind", ["transformer", "causal_lm"])
def test_a_cpu_is_refused(kind):
    models = {"transformer": "bert-tiny-uncased", "causal_lm": "qwen3-tiny"}
    with pytest.raises(MissingDevice, match=r'fp8.*compute capability 9\.0.*"cpu"'):
        build_encoder(kind, model=models[kind], weights="random", precision="fp8")


@pytest.mark.skipif(not HAS_FP8_GPU, reason="PyTorch sees no GPU that multiplies fp8 here")
@pytest.mark.parametrize(("kind", "model"), [("transformer", "bert-large-uncased"), ("causal_lm", "qwen3-0.6b")])
def test_on_a_gpu_a_models_vectors_stay_near(kind, model):
    texts = ["chess for two players", "a racing game", "game " * 100]
    options = {"model": model, "weights": "random", "device": "cuda"}
    half, eighth = (build_encoder(kind, precision=precision, **options) for precision in ("bf16", "fp8"))
    assert np.einsum("ij,ij->i", half.encode(texts), eighth.encode(texts)).min() > 0.98
    assert eighth.info.products["fp8"] > 0
