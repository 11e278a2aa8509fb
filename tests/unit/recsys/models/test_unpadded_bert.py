"""Products of real tokens alone give the vectors that a padded batch gives."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch.nn import functional

from recsys.encoders import build_encoder, exact_reference
from recsys.errors import BadOptions
from recsys.models.bert import Bert
from recsys.models.bert_weights import bert_weights
from recsys.models.locate import locate
from recsys.models.unpadded_bert import UnpaddedBert

TINY = {"model": "bert-tiny-uncased", "weights": "random"}
LENGTHS = (3, 9, 1, 5)
HAS_VARLEN = find_spec("torch.nn.attention.varlen") is not None


@pytest.fixture(scope="module")
def bert():
    return Bert(bert_weights(locate(TINY["model"], "random")), "cpu", torch.float32)


@pytest.fixture(scope="module")
def batch():
    """Ids and mask of texts of these lengths; what stands in the padding must not matter."""
    drawn = torch.Generator().manual_seed(1)
    ids = torch.randint(1000, 20_000, (len(LENGTHS), max(LENGTHS)), generator=drawn, dtype=torch.int32)
    return ids, torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]


@torch.inference_mode()
def test_real_tokens_have_their_states_and_padding_is_zero(bert, batch):
    ids, mask = batch
    padded, unpadded = bert(ids, mask), UnpaddedBert(bert, pads=True)(ids, mask)
    torch.testing.assert_close(unpadded[mask], padded[mask], atol=2e-6, rtol=1e-5)
    assert not unpadded[~mask].any()
    torch.testing.assert_close(UnpaddedBert(bert, pads=True)(ids, None), bert(ids, None), atol=0, rtol=0)


def one_after_the_other(query, key, value, starts, key_starts, longest, key_longest):
    """What PyTorch's varlen_attn computes, text by text."""
    assert torch.equal(starts, key_starts)
    assert starts.dtype == torch.int32
    assert longest == key_longest == max(LENGTHS)
    mixed = []
    for start, stop in zip(starts.tolist(), starts[1:].tolist(), strict=False):
        q, k, v = (part[start:stop].transpose(0, 1) for part in (query, key, value))
        mixed.append(functional.scaled_dot_product_attention(q, k, v).transpose(0, 1))
    return torch.cat(mixed)


@pytest.mark.skipif(not HAS_VARLEN, reason="PyTorch before 2.10 has no attention for unpadded texts")
@torch.inference_mode()
def test_attention_without_padding_is_told_where_each_text_begins(bert, batch, monkeypatch):
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", one_after_the_other)
    ids, mask = batch
    torch.testing.assert_close(
        UnpaddedBert(bert, pads=False)(ids, mask)[mask], bert(ids, mask)[mask], atol=2e-6, rtol=1e-5
    )


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_as_an_encoder_it_gives_the_same_vectors(pooling):
    texts = ["chess", "", "a racing game for four players with wheels and a map", "game " * 300]
    usual, unpadded = (
        build_encoder("transformer", pooling=pooling, unpadded=on, threads=1, **TINY) for on in (False, True)
    )
    np.testing.assert_allclose(
        unpadded.forward(unpadded.prepare(texts)), usual.forward(usual.prepare(texts)), rtol=0, atol=1e-6
    )
    assert unpadded.info.products == usual.info.products
    assert unpadded.info.pads, "on a CPU its attention is padded"


def test_other_models_and_fixed_shapes_are_refused():
    with pytest.raises(BadOptions, match="for plain BERTs"):
        build_encoder("transformer", model="qwen3-tiny", weights="random", unpadded=True)
    for excluded in ({"compiled": True}, {"precision": "fp8"}):
        with pytest.raises(BadOptions, match="unpadded = true is for"):
            build_encoder("transformer", unpadded=True, **excluded, **TINY)


def test_its_reference_is_padded():
    assert exact_reference("transformer", {"unpadded": True, "model": "minilm"})["unpadded"] is False


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU here")
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_on_a_gpu_too(precision):
    texts = ["chess", "", "a racing game for four players with wheels and a map", "game " * 300]
    usual, unpadded = (
        build_encoder("transformer", device="cuda", precision=precision, unpadded=on) for on in (False, True)
    )
    cosines = np.einsum("ij,ij->i", usual.encode(texts), unpadded.forward(unpadded.prepare(texts)))
    assert cosines.min() > 1 - usual.info.batch_tolerance
    assert unpadded.info.pads == (precision == "fp32" or not HAS_VARLEN)
