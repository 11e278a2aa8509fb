"""The kernels against NumPy and PyTorch, by every instruction that this CPU has; and what stands in their way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from native_kernels import why_not_native

from recsys.errors import MissingDevice, MissingLibrary, ModelError
from recsys.models import native_library
from recsys.models.artefacts import CACHE_VARIABLE
from recsys.models.bert_weights import BertWeights, bert_weights
from recsys.models.cpu_features import cpu_features
from recsys.models.locate import locate
from recsys.models.native_bert import NativeBert
from recsys.models.native_forms import Bf16Form, Int8Form, quantised_rows
from recsys.models.native_library import instructions_here, load_library
from recsys.models.precision import torch_dtype
from recsys.models.ragged_pooling import pool_ragged

needs_kernels = pytest.mark.skipif(bool(why_not_native()), reason=why_not_native())


@pytest.fixture(scope="module")
def tiny() -> BertWeights:
    weights = bert_weights(locate("bert-tiny-uncased", "random"))
    assert weights is not None
    return weights


def texts(rng: np.random.Generator, lengths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Ids end to end, and where each text begins."""
    return rng.integers(1000, 20000, sum(lengths)).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)])


def on_the_grid(weights: BertWeights) -> BertWeights:
    """The same model with its product weights rounded to 8 bits a row: what is left to differ is activations."""

    def rounded(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.ndim != 2 or not name.startswith("encoder."):
            return tensor
        codes, scales = quantised_rows(tensor.numpy())
        return torch.from_numpy(codes * scales[:, np.newaxis])

    tensors = {name: rounded(name, tensor) for name, tensor in weights.tensors.items()}
    return BertWeights(tensors, weights.layers, weights.heads, weights.norm_eps)


@needs_kernels
@pytest.mark.parametrize(("wide", "largest"), [("none", 0.05), ("attention", 0.05), ("all", 2e-4)])
def test_hidden_states_are_those_of_the_rounded_weights(tiny, wide, largest):
    """With 16 bits an activation only rounding in the sixteenth is left: a wrong step would show."""
    from recsys.models.bert import Bert

    ids, offsets = texts(np.random.default_rng(0), [1, 2, 15, 16, 17, 33, 100, 128])
    exact = Bert(on_the_grid(tiny), "cpu", torch_dtype("fp32"))
    with torch.inference_mode():
        rows = [
            exact(torch.from_numpy(ids[a:b])[None], None)[0] for a, b in zip(offsets[:-1], offsets[1:], strict=True)
        ]
    states = NativeBert(tiny, Int8Form(wide))(ids, offsets, threads=2)
    assert np.abs(states - torch.cat(rows).numpy()).max() < largest


@needs_kernels
@pytest.mark.parametrize("wide", ["none", "attention", "all"])
def test_all_instructions_give_the_same_bits(tiny, wide):
    if len(instructions_here()) < 2:
        pytest.skip(f"this CPU has {instructions_here()} alone")
    ids, offsets = texts(np.random.default_rng(1), [3, 9, 20, 40, 64])
    by = [NativeBert(tiny, Int8Form(wide), instructions)(ids, offsets, 2) for instructions in instructions_here()]
    assert np.array_equal(by[0], by[1])


@needs_kernels
def test_bf16_sums_in_float32_by_all_instructions(tiny):
    """They sum in another order, so the last bits differ."""
    from recsys.models.bert import Bert

    if "avx512_bf16" not in cpu_features():
        with pytest.raises(MissingDevice, match='has no instructions. Next: precision = "int8"'):
            NativeBert(tiny, Bf16Form())
        return
    ids, offsets = texts(np.random.default_rng(4), [1, 2, 15, 16, 17, 33, 100, 128])
    exact = Bert(tiny, "cpu", torch_dtype("fp32"))
    with torch.inference_mode():
        rows = [exact(torch.from_numpy(ids[a:b])[None], None)[0] for a, b in pairwise(offsets)]
    for instructions in instructions_here():
        states = NativeBert(tiny, Bf16Form(), instructions)(ids, offsets, threads=2)
        assert np.abs(states - torch.cat(rows).numpy()).max() < 0.05


@needs_kernels
def test_ids_and_lengths_that_the_model_does_not_have_are_refused(tiny):
    bert = NativeBert(tiny, Int8Form("none"))
    for stranger in (-1, len(tiny.tensors["embeddings.word_embeddings.weight"])):
        with pytest.raises(ModelError, match="outside the model's vocabulary"):
            bert(np.array([101, stranger, 102], np.int32), np.array([0, 3]), 1)
    ids, offsets = texts(np.random.default_rng(2), [4, 2000])
    with pytest.raises(ModelError, match="longer than the model's positions"):
        bert(ids, offsets, 1)
    assert bert(ids[:0], offsets[:1], 1).shape == (0, 128)


def test_weights_are_packed_as_the_kernels_read_them():
    weight = np.random.default_rng(3).normal(size=(64, 128)).astype(np.float32)
    codes, _ = quantised_rows(weight)
    blocks = Int8Form("none").arrays(weight, weight[:, 0])[0]
    assert blocks.shape == (4, 32, 16, 4)
    halves = Bf16Form().arrays(weight, weight[:, 0])[0].view(np.uint16)
    assert halves.shape == (4, 64, 16, 2)
    for output, place in ((0, 0), (17, 5), (63, 127)):
        assert int(blocks[output // 16, place // 4, output % 16, place % 4]) - 128 == codes[output, place]
        half = np.array([0, halves[output // 16, place // 2, output % 16, place % 2]], np.uint16).view(np.float32)
        assert half == pytest.approx(weight[output, place], rel=2**-8)


def test_a_row_of_zeros_is_rounded_to_zeros():
    codes, scales = quantised_rows(np.array([[0, 0], [1, -2]], np.float32))
    assert codes.tolist() == [[0, 0], [64, -127]]
    assert np.isfinite(scales).all()


def test_without_the_instructions_the_next_step_is_named(monkeypatch):
    monkeypatch.setattr(native_library, "cpu_features", lambda: ("x86_64", "avx2"))
    with pytest.raises(MissingDevice, match='has neither. Next: kind = "int8"'):
        load_library()


@needs_kernels
def test_where_the_system_withholds_tiles_vectors_do(monkeypatch):
    """As some containers do: the library says so once it is loaded."""
    if len(instructions_here()) < 2:
        pytest.skip(f"this CPU has {instructions_here()} alone")
    real = native_library.ctypes.CDLL

    def withheld(path: str) -> object:
        library = real(path)
        if "native-amx" in path:
            library.may_run = lambda: 0
        return library

    monkeypatch.setattr(native_library.ctypes, "CDLL", withheld)
    assert load_library().instructions == "avx512"


@needs_kernels
def test_without_a_compiler_or_with_one_that_fails_the_next_step_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(MissingLibrary, match=r"no C\+\+ compiler.*install g\+\+"):
        load_library()
    monkeypatch.setenv("CXX", "no-such-compiler -O1")
    with pytest.raises(MissingLibrary, match=r"\$CXX = no-such-compiler -O1. Next"):
        load_library()
    failing = tmp_path / "old-compiler"
    failing.write_text("#!/bin/sh\necho unrecognized option -mamx-int8 >&2; exit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    monkeypatch.setenv("CXX", str(failing))
    with pytest.raises(MissingLibrary, match="cannot compile it: unrecognized option -mamx-int8. Next: g"):
        load_library()


@needs_kernels
def test_a_library_that_the_system_does_not_load_is_told(monkeypatch):
    def refused(path: str) -> None:
        raise OSError(f"{path}: failed to map segment from shared object")

    monkeypatch.setattr(native_library.ctypes, "CDLL", refused)
    with pytest.raises(MissingLibrary, match="failed to map segment.*Next: .LLM_REC_BENCH_CACHE"):
        load_library()


@needs_kernels
def test_a_compiler_may_be_named_with_options(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("CXX", "g++ -DNAMED_WITH_OPTIONS")
    assert load_library().functions.may_run()


def test_pooling_leaves_a_text_without_tokens_at_zero():
    states = np.array([[3, 0], [0, 4], [5, 12]], np.float32)
    offsets = np.array([0, 0, 2, 2, 3, 3])
    pooled = {
        pooling: pool_ragged(states, offsets, pooling).astype(float).round(4).tolist()
        for pooling in ("mean", "cls", "max")
    }
    empty, last = [0.0, 0.0], [0.3846, 0.9231]
    assert pooled == {
        "mean": [empty, [0.6, 0.8], empty, last, empty],
        "cls": [empty, [1.0, 0.0], empty, last, empty],
        "max": [empty, [0.6, 0.8], empty, last, empty],
    }
