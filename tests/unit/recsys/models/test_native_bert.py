"""The kernels against NumPy and PyTorch, by every instruction that this CPU has; and what stands in their way."""

from __future__ import annotations

import ctypes
import platform
import subprocess
from itertools import pairwise

import numpy as np
import pytest
import torch
from native_kernels import kernels  # noqa: F401

from recsys.errors import MissingDevice, MissingLibrary, ModelError
from recsys.models import native_library
from recsys.models.artefacts import CACHE_VARIABLE
from recsys.models.bert_weights import BertWeights, bert_weights
from recsys.models.cpu_features import cpu_features
from recsys.models.locate import locate
from recsys.models.native_bert import NativeBert
from recsys.models.native_forms import Bf16Form, Int8Form, layer_type, model_type, quantised_rows
from recsys.models.native_library import (
    FEATURE_FLAGS,
    FLAGS,
    SOURCES,
    CannotCompile,
    compiler_here,
    instructions_here,
    load_library,
)
from recsys.models.precision import torch_dtype
from recsys.models.ragged_pooling import pool_ragged

needs_kernels = pytest.mark.usefixtures("kernels")


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


LENGTHS = [1, 2, 15, 16, 17, 33, 100, 128, 512]


def exact_states(weights: BertWeights, ids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """By PyTorch in fp32, text after text."""
    from recsys.models.bert import Bert

    exact = Bert(weights, "cpu", torch_dtype("fp32"))
    with torch.inference_mode():
        return torch.cat([exact(torch.from_numpy(ids[a:b])[None], None)[0] for a, b in pairwise(offsets)]).numpy()


def sharpened(weights: BertWeights) -> BertWeights:
    """Random weights are small; these lead into the tails of softmax and GELU."""
    parts = ("query.weight", "key.weight", "intermediate.dense.weight")
    tensors = {name: tensor * (15 if name.endswith(parts) else 1) for name, tensor in weights.tensors.items()}
    return BertWeights(tensors, weights.layers, weights.heads, weights.norm_eps)


@needs_kernels
@pytest.mark.parametrize("change", [on_the_grid, lambda weights: on_the_grid(sharpened(weights))], ids=["", "sharp"])
def test_hidden_states_are_those_of_the_rounded_weights(tiny, change):
    """With 16 bits an activation only rounding in the sixteenth is left: a wrong step would show."""
    ids, offsets = texts(np.random.default_rng(0), LENGTHS)
    weights = change(tiny)
    exact = exact_states(weights, ids, offsets)
    forms = [Int8Form(wide) for wide in ("all", "attention", "none")]
    errors = [np.sqrt(np.mean((NativeBert(weights, form)(ids, offsets, threads=2) - exact) ** 2)) for form in forms]
    assert errors[0] < 5e-4
    assert 20 * errors[0] < errors[1] < errors[2] < 0.1


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
    if "avx512_bf16" not in cpu_features():
        with pytest.raises(MissingDevice, match='has no instructions. Next: precision = "int8"'):
            NativeBert(tiny, Bf16Form())
        return
    ids, offsets = texts(np.random.default_rng(4), LENGTHS)
    exact = exact_states(tiny, ids, offsets)
    for instructions in instructions_here():
        states = NativeBert(tiny, Bf16Form(), instructions)(ids, offsets, threads=2)
        assert np.abs(states - exact).max() < 0.05


@needs_kernels
def test_ids_and_lengths_that_the_model_does_not_have_are_refused(tiny):
    bert = NativeBert(tiny, Int8Form("none"))
    for stranger in (-1, len(tiny.tensors["embeddings.word_embeddings.weight"])):
        with pytest.raises(ModelError, match="outside the model's vocabulary"):
            bert(np.array([101, stranger, 102], np.int32), np.array([0, 3]), 1)
    ids, offsets = texts(np.random.default_rng(2), [4, 2000])
    with pytest.raises(ModelError, match="longer than the model's positions"):
        bert(ids, offsets, 1)
    for wrong in ([0, 2], [1, 4], [0, 5], [0, 3, 2, 4]):
        with pytest.raises(ModelError, match="offsets that are not those of its ids"):
            bert(ids[:4], np.array(wrong), 1)
    assert bert(ids[:0], offsets[:1], 1).shape == (0, 128)


@needs_kernels
def test_weights_that_are_no_numbers_are_refused(tiny):
    name = "encoder.layer.1.output.dense.weight"
    broken = tiny.tensors[name].clone()
    broken[3, 5] = float("nan")
    weights = BertWeights({**tiny.tensors, name: broken}, tiny.layers, tiny.heads, tiny.norm_eps)
    with pytest.raises(ModelError, match=f"{name} holds no finite numbers"):
        NativeBert(weights, Int8Form("none"))


@needs_kernels
@pytest.mark.parametrize("form", [Int8Form("none"), Bf16Form()])
def test_both_sides_mean_the_same_structures(form):
    functions = load_library().functions
    name = form.function.replace("forward_", "") + "_model_bytes"
    if not hasattr(functions, name):
        pytest.skip("this CPU does not multiply bf16")
    layer = layer_type(form.structure)
    assert getattr(functions, name)() == ctypes.sizeof(model_type(layer)) + ctypes.sizeof(layer)


@pytest.mark.parametrize("features", [["avx512_vnni"], ["avx512_vnni", "avx512_bf16"], list(FEATURE_FLAGS)])
def test_they_compile_without_a_warning_whatever_this_cpu_has(features):
    """Only as far as the syntax: what a compiler warns of later is of the vectors in its own headers."""
    if platform.machine() != "x86_64":
        pytest.skip("the compiler here makes code for another machine")
    try:
        compiler = compiler_here()
    except MissingLibrary as error:
        pytest.skip(str(error))
    flags = [flag for flag in FLAGS if flag != "-w"] + [flag for name in features for flag in FEATURE_FLAGS[name]]
    command = [*compiler, *flags, "-Wall", "-Wextra", "-fsyntax-only", str(SOURCES / "bert.cpp")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


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
    with pytest.raises(MissingDevice, match='has neither. Next: kind = "onnx"'):
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
    monkeypatch.setenv("CXX", 'g++ "-O1')
    with pytest.raises(MissingLibrary, match=r'\$CXX = g\+\+ "-O1. Next'):
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
def test_options_beside_the_compiler_reach_it_and_make_another_library(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    compiler = compiler_here()[0]
    keys = {}
    for options in ("", " -O0", " -O0 -DNOTHING"):
        monkeypatch.setenv("CXX", compiler + options)
        keys[options] = load_library().key
    assert len(set(keys.values())) == 3
    monkeypatch.setenv("CXX", compiler + " -no-such-option")
    with pytest.raises(CannotCompile, match="no-such-option"):
        load_library()


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
