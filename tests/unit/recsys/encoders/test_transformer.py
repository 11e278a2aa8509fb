"""Half precisions and compiled programs of a transformer compute what exact fp32 does, within stated tolerance."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from recsys.encoders import build_encoder, exact_reference
from recsys.errors import BadOptions, MissingDevice, MissingLibrary
from recsys.models.cpu_features import has_bf16_products

TINY = {"model": "bert-tiny-uncased", "weights": "random"}
TEXTS = [
    "Zelda: Breath of the Wild",
    "a racing game",
    "chess for two players, with a clock and a book of openings",
    "",
    "Mario Kart 8 Deluxe, Nintendo Switch, 4 players, with wheels",
]


def cosines(one, other):
    return np.einsum("ij,ij->i", one, other)


@pytest.mark.skipif(not has_bf16_products(), reason="this CPU multiplies no bf16")
def test_bf16_stays_close_to_fp32_and_is_counted_as_what_it_is():
    exact, half = build_encoder("transformer"), build_encoder("transformer", precision="bf16")
    assert exact.info.products == {"fp32": 36}
    assert half.info.products == {"bf16": 36}
    assert cosines(exact.encode(TEXTS), half.encode(TEXTS)).min() > 1 - 2e-3


def test_on_a_cpu_without_it_bf16_is_refused(monkeypatch):
    monkeypatch.setattr("recsys.encoders.transformer.has_bf16_products", lambda: False)
    with pytest.raises(MissingDevice, match="no instructions for it"):
        build_encoder("transformer", precision="bf16")


BACKENDS = ["aot_eager", pytest.param("inductor", marks=pytest.mark.verify)]
"""The first traces as the second does and leaves out the C++ compiler, which takes a minute."""


@pytest.fixture(scope="module", params=BACKENDS)
def compiled(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", functools.partial(torch.compile, backend=request.param))
        try:
            return build_encoder("transformer", compiled=True, threads=2, **TINY)
        except MissingLibrary as missing:
            pytest.skip(str(missing))


def test_a_compiled_model_computes_the_same(compiled):
    """One text, several of unequal length, several of one length: each its own way through the program."""
    exact = build_encoder("transformer", threads=2, **TINY)
    for texts in (TEXTS[:1], TEXTS, ["a racing game"] * 3):
        assert compiled.encode(texts) == pytest.approx(exact.encode(texts), abs=2e-5)


def test_no_length_compiles_anew(compiled):
    from torch._dynamo.utils import counters

    compiled.encode(TEXTS)
    graphs = counters["stats"]["unique_graphs"]
    for length in (1, 3, 17, 40):
        compiled.encode(["game " * length])
        compiled.encode(["game " * length, "chess"])
    assert counters["stats"]["unique_graphs"] == graphs


def test_without_a_compiler_it_is_a_missing_library(monkeypatch):
    import torch._inductor.cpp_builder as builder
    from torch._inductor.exc import InvalidCxxCompiler

    def none() -> str:
        raise InvalidCxxCompiler

    monkeypatch.setattr(builder, "get_cpp_compiler", none)
    with pytest.raises(MissingLibrary, match=r"C\+\+ compiler.*\$CXX"):
        build_encoder("transformer", compiled=True, **TINY)


def test_the_reference_of_a_compiled_arm_is_not_compiled():
    assert exact_reference("transformer", {"compiled": True, "model": "minilm"})["compiled"] is False


def test_graphs_without_a_gpu_are_refused():
    with pytest.raises(BadOptions, match='graphs = true.*device is "cpu"'):
        build_encoder("transformer", graphs=True, **TINY)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU here")
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_graphs_compute_what_eager_does(precision):
    eager = build_encoder("transformer", device="cuda", precision=precision)
    graphs = build_encoder("transformer", device="cuda", precision=precision, graphs=True)
    for texts in (TEXTS, TEXTS[:1], TEXTS[3:], ["game " * 300]):
        assert cosines(eager.encode(texts), graphs.encode(texts)).min() > 1 - eager.info.batch_tolerance
